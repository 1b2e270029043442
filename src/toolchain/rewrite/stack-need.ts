/**
 * How much of its C stack a module can need at the most, however it is entered: so much is enough for it. What a context has is wiped
 * after each request, and 48 KiB of stack are most of it (docs/decisions/2026-11-27-small-memories.md). Nothing rests on this for safety: a
 * stack that is too small ends the function with a trap, like any other.
 */
import { readBody, Unsupported } from './body.ts';
import { callGraph } from './call-graph.ts';
import { deepest } from './deepest.ts';
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
 * Bytes; or `unbounded`: no limit is known, because of recursion for example; or `its own affair`: the module manages its memory itself, or its
 * stack is not found, and it is to stay as it is.
 */
export type StackNeed = number | 'unbounded' | 'its own affair';

/** @param stackBytes how much the module was linked with, by which its stack pointer is found */
export function stackNeed(bytes: Uint8Array, stackBytes: number): StackNeed {
  try {
    return needOf(bytes, stackBytes);
  } catch (cause) {
    // What cannot be hosted is refused, with its reason, when it is made hostable.
    if (cause instanceof Malformed || cause instanceof Unsupported) return 'its own affair';
    throw cause;
  }
}

/** Index of the global that points to the top of a stack of so many bytes, where nothing runs yet; absent: there is none, or more than one. */
export function findStackPointer({ globals, importedGlobals }: Outline, stackBytes: number): number | undefined {
  const top = Math.ceil(stackBytes / ALIGNMENT) * ALIGNMENT;
  const found = globals.flatMap(({ mutable, type, initial }, i) =>
    mutable && type === I32 && initial === top ? [importedGlobals + i] : [],
  );
  return found.length === 1 ? found[0] : undefined;
}

function needOf(bytes: Uint8Array, stackBytes: number): StackNeed {
  const outline = new Outline(bytes);
  const stackPointer = findStackPointer(outline, stackBytes);
  if (stackPointer === undefined) return 'its own affair';
  const bodies = outline.bodies.map((span) => readBody(bytes, span, { stackPointer }));
  if (bodies.some(({ managesMemory }) => managesMemory)) return 'its own affair';
  const graph = [...callGraph(outline, bodies)];
  const frames = bodies.map(({ frame }) => frame);
  for (const [name, times] of Object.entries(LIBRARY)) {
    const fn = (functionNamed(outline, name) ?? -1) - outline.importedFunctions.length;
    if (fn < 0) continue;
    const frame = times === 0 ? 0 : frames[fn];
    frames[fn] = frame === undefined ? undefined : frame * times;
    graph[fn] = (graph[fn] ?? []).filter((callee) => callee !== fn);
  }
  return deepest(graph, frames) ?? 'unbounded';
}
