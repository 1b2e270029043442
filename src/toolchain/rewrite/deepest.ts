import type { CallGraph } from './call-graph.ts';

/** The heaviest way through the graph, by what each function takes; absent when there is a cycle, or a function that takes nobody knows what. */
export function deepest(graph: CallGraph, frames: readonly (number | undefined)[]): number | undefined {
  const depths: (number | undefined)[] = [];
  const onPath: boolean[] = [];
  let most = 0;
  for (let root = 0; root < frames.length; root++) {
    const path = depths[root] === undefined ? [{ node: root, next: 0, below: 0 }] : [];
    // Without recursion of our own: a module may have call chains longer than our stack.
    for (let step = path.at(-1); step; step = path.at(-1)) {
      onPath[step.node] = true;
      const successor = graph[step.node]?.[step.next];
      if (successor === undefined) {
        const frame = step.node < frames.length ? frames[step.node] : 0;
        if (frame === undefined) return undefined;
        const depth = frame + step.below;
        depths[step.node] = depth;
        onPath[step.node] = false;
        most = Math.max(most, depth);
        path.pop();
      } else if (onPath[successor] === true) {
        return undefined;
      } else if (depths[successor] === undefined) {
        path.push({ node: successor, next: 0, below: 0 });
      } else {
        step.below = Math.max(step.below, depths[successor]);
        step.next++;
      }
    }
  }
  return most;
}
