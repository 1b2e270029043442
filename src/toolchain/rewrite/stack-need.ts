/**
 * How much of its C stack a module can need at the most, however it is entered: so much is enough for it. What a context has is wiped
 * after each request, and 48 KiB of stack are most of it (docs/decisions/2026-11-27-small-memories.md). Nothing rests on this for safety: a
 * stack that is too small ends the function with a trap, like any other.
 */
import { readBody, Unsupported } from './body.ts';
import { type CallGraph, callGraph } from './call-graph.ts';
import { I32 } from './instructions.ts';
import { functionNamed } from './names.ts';
import { Outline } from './outline.ts';
import { Malformed } from './reader.ts';

/**
 * What is known of functions of the C library (wasi-libc, after musl): how many frames of theirs there can be on top of each other. One looks
 * only where the stack is; the others call themselves once, for numbers that are too small to be normal.
 */
const LIBRARY: Readonly<Record<string, number>> = { __wasi_init_tp: 0, frexp: 2, frexpf: 2, frexpl: 2 };
/** The stack is aligned to this. */
const ALIGNMENT = 16;

/**
 * @param stackBytes how much the module was linked with, by which its stack pointer is found
 * @returns absent: no limit is known, because of recursion for example; or the module manages its memory itself, and is to stay as it is
 */
export function stackNeed(bytes: Uint8Array, stackBytes: number): number | undefined {
  try {
    return needOf(bytes, stackBytes);
  } catch (cause) {
    // What cannot be hosted is refused, with its reason, when it is made hostable.
    if (cause instanceof Malformed || cause instanceof Unsupported) return undefined;
    throw cause;
  }
}

function needOf(bytes: Uint8Array, stackBytes: number): number | undefined {
  const outline = new Outline(bytes);
  const top = Math.ceil(stackBytes / ALIGNMENT) * ALIGNMENT;
  const pointers = outline.globals.flatMap(({ mutable, type, initial }, i) => (mutable && type === I32 && initial === top ? [i] : []));
  const [pointer] = pointers;
  if (pointer === undefined || pointers.length > 1) return undefined;
  const stackPointer = outline.importedGlobals + pointer;
  const bodies = outline.bodies.map((span) => readBody(bytes, span, { stackPointer }));
  if (bodies.some(({ managesMemory }) => managesMemory)) return undefined;
  const graph = [...callGraph(outline, bodies)];
  const frames = bodies.map(({ frame }) => frame);
  for (const [name, times] of Object.entries(LIBRARY)) {
    const fn = (functionNamed(outline, name) ?? -1) - outline.importedFunctions.length;
    if (fn < 0) continue;
    const frame = times === 0 ? 0 : frames[fn];
    frames[fn] = frame === undefined ? undefined : frame * times;
    graph[fn] = (graph[fn] ?? []).filter((callee) => callee !== fn);
  }
  return deepest(graph, frames);
}

/** The heaviest way through the graph, by what each function takes; absent when there is a cycle, or a function that takes nobody knows what. */
function deepest(graph: CallGraph, frames: readonly (number | undefined)[]): number | undefined {
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
