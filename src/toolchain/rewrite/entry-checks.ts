/**
 * Which functions need an interrupt check at their entry. Loops have checks of their own, so that only calls are left to
 * make a program run for long: recursion, and functions that call functions that call functions.
 */
import type { Body } from './body.ts';
import { type CallGraph, callGraph } from './call-graph.ts';
import type { Outline } from './outline.ts';

/** Code, in bytes, that may run from one check to the next on straight ways: some tens of microseconds. */
const UNCHECKED_BYTES = 256 * 1024;

/** Numbers of functions, counted without the imported ones. */
export function entriesToCheck(outline: Outline, bodies: readonly Body[]): ReadonlySet<number> {
  const checks = new Checks(callGraph(outline, bodies), bodies);
  for (let node = 0; node < bodies.length; node++) checks.visit(node);
  return checks.checked;
}

class Checks {
  readonly checked = new Set<number>();
  readonly #bodies: readonly Body[];
  readonly #graph: CallGraph;
  /** Visited, and all that it leads to as well. */
  readonly #finished: boolean[] = [];
  readonly #onPath: boolean[] = [];
  /** Code that may run in a call of the node before the next check. */
  readonly #weights: number[] = [];

  constructor(graph: CallGraph, bodies: readonly Body[]) {
    this.#bodies = bodies;
    this.#graph = graph;
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
      const successor = this.#graph[node]?.[step.next++];
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
    for (const target of this.#graph[type] ?? []) heaviest = Math.max(heaviest, this.#weight(target));
    return heaviest;
  }

  #weightOfFunction(node: number, body: Body): number {
    const own = body.end - body.code;
    const callees = this.#graph[node] ?? [];
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
    for (const target of this.#graph[node] ?? []) this.checked.add(target);
    this.#weights[node] = 0;
  }
}
