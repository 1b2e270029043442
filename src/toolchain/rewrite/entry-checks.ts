/**
 * Which functions need an interrupt check at their entry. Loops have checks of their own, so that only calls are left to
 * make a program run for long: recursion, and functions that call functions that call functions.
 */
import type { Body } from './body.ts';
import type { Outline } from './outline.ts';

/** Code, in bytes, that may run from one check to the next on straight ways: some tens of microseconds. */
const UNCHECKED_BYTES = 256 * 1024;

/** Numbers of functions, counted without the imported ones. */
export function entriesToCheck(outline: Outline, bodies: readonly Body[]): ReadonlySet<number> {
  const graph = new CallGraph(outline, bodies);
  for (let node = 0; node < bodies.length; node++) graph.visit(node);
  return graph.checked;
}

/**
 * Nodes below `#bodies.length` are functions; those above are types, called through a table: each leads to the functions
 * of that type whose address is taken somewhere.
 */
class CallGraph {
  readonly checked = new Set<number>();
  readonly #bodies: readonly Body[];
  readonly #successors: (readonly number[])[];
  /** Visited, and all that it leads to as well. */
  readonly #finished: boolean[] = [];
  readonly #onPath: boolean[] = [];
  /** Code that may run in a call of the node before the next check. */
  readonly #weights: number[] = [];

  constructor(outline: Outline, bodies: readonly Body[]) {
    this.#bodies = bodies;
    const imported = outline.importedFunctions.length;
    const typeNodes = new Map<string, number>();
    const typeNode = (type: number): number => {
      const key = outline.types[type] ?? '';
      const node = typeNodes.get(key) ?? bodies.length + typeNodes.size;
      typeNodes.set(key, node);
      return node;
    };
    this.#successors = bodies.map((body) => [
      ...body.calls.map((index) => index - imported).filter((fn) => fn >= 0),
      ...body.indirectCalls.map(typeNode),
    ]);
    const targets = new Map<number, number[]>();
    for (const index of addressesTaken(outline, bodies)) {
      const type = outline.functions[index - imported];
      if (type === undefined) continue;
      const node = typeNode(type);
      targets.set(node, [...(targets.get(node) ?? []), index - imported]);
    }
    for (const node of typeNodes.values()) this.#successors[node] = targets.get(node) ?? [];
  }

  /** Depth first, without recursion of our own: a module may have call chains longer than our stack. */
  visit(root: number): void {
    if (this.#finished[root]) return;
    const path: { node: number; next: number }[] = [];
    const enter = (node: number): void => {
      this.#onPath[node] = true;
      path.push({ node, next: 0 });
    };
    enter(root);
    for (let step = path.at(-1); step; step = path.at(-1)) {
      const { node } = step;
      const successor = this.#successors[node]?.[step.next++];
      if (successor === undefined) {
        this.#finish(node);
        path.pop();
      } else if (this.#onPath[successor]) {
        // Every cycle has such an edge. A type cannot be checked, but whoever calls through it can.
        this.checked.add(this.#isFunction(successor) ? successor : node);
      } else if (!this.#finished[successor]) {
        enter(successor);
      }
    }
  }

  #isFunction(node: number): boolean {
    return node < this.#bodies.length;
  }

  #finish(node: number): void {
    this.#onPath[node] = false;
    this.#finished[node] = true;
    const body = this.#bodies[node];
    this.#weights[node] = body ? this.#weightOfFunction(node, body) : this.#heaviest(node);
  }

  #weight(node: number): number {
    return this.checked.has(node) ? 0 : (this.#weights[node] ?? 0);
  }

  #heaviest(type: number): number {
    let heaviest = 0;
    for (const target of this.#successors[type] ?? []) heaviest = Math.max(heaviest, this.#weight(target));
    return heaviest;
  }

  #weightOfFunction(node: number, body: Body): number {
    const own = body.end - body.code;
    const callees = this.#successors[node] ?? [];
    const sum = (): number => callees.reduce((total, callee) => total + this.#weight(callee), own);
    if (sum() > UNCHECKED_BYTES) this.#checkHeaviest(callees, UNCHECKED_BYTES - own);
    if (own > UNCHECKED_BYTES) this.checked.add(node);
    return sum();
  }

  /** Gives entries a check, heavy ones first, until the rest together is light enough. */
  #checkHeaviest(callees: readonly number[], allowed: number): void {
    const byWeight = [...callees].sort((a, b) => this.#weight(a) - this.#weight(b));
    let left = byWeight.reduce((total, callee) => total + this.#weight(callee), 0);
    for (let callee = byWeight.pop(); callee !== undefined && left > allowed; callee = byWeight.pop()) {
      left -= this.#weight(callee);
      this.#check(callee);
    }
  }

  #check(node: number): void {
    if (this.#isFunction(node)) {
      this.checked.add(node);
      return;
    }
    for (const target of this.#successors[node] ?? []) this.checked.add(target);
    this.#weights[node] = 0;
  }
}

function addressesTaken(outline: Outline, bodies: readonly Body[]): ReadonlySet<number> {
  const taken = new Set(bodies.flatMap((body) => body.addressesTaken));
  for (const sites of outline.sites.values()) for (const { index } of sites) taken.add(index);
  return taken;
}
