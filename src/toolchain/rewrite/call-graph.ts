/** Who may call whom in a module, through tables and references as well. */
import type { Body } from './body.ts';
import type { Outline } from './outline.ts';

/**
 * Nodes below the number of functions are functions, counted without the imported ones; those above are types, called through a table:
 * each leads to the functions of that type whose address is taken somewhere. Imported functions lead nowhere.
 */
export type CallGraph = readonly (readonly number[])[];

export function callGraph(outline: Outline, bodies: readonly Body[]): CallGraph {
  const imported = outline.importedFunctions.length;
  const typeNodes = new Map<string, number>();
  const typeNode = (type: number): number => {
    const key = outline.types[type] ?? '';
    const node = typeNodes.get(key) ?? bodies.length + typeNodes.size;
    typeNodes.set(key, node);
    return node;
  };
  const successors: (readonly number[])[] = bodies.map((body) => [
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
  for (const node of typeNodes.values()) successors[node] = targets.get(node) ?? [];
  return successors;
}

function addressesTaken(outline: Outline, bodies: readonly Body[]): ReadonlySet<number> {
  const taken = new Set(bodies.flatMap((body) => body.addressesTaken));
  for (const sites of outline.sites.values()) for (const { index } of sites) taken.add(index);
  return taken;
}
