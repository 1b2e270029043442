/**
 * Where a module that may get a stack elsewhere (src/engine/spare-stack.ts) looks whether it is used up. At address 0 a stack ends in a trap by
 * itself; elsewhere other variables lie below it. Functions that can be on top of each other without limit look when they are entered, those
 * with large frames as well, and those whose frame is not known wherever they move the pointer. What the others can take between two such looks
 * is known: so much room is left below the limit, and no frame goes beyond it unseen.
 */
import type { Body } from './body.ts';
import { callGraph } from './call-graph.ts';
import { deepest } from './deepest.ts';
import { I32, OP, VOID } from './instructions.ts';
import type { Outline } from './outline.ts';
import { Writer } from './writer.ts';

const LARGE_FRAME_BYTES = 4096;
/** For what is not seen of a frame: how far it is moved to be aligned. */
const SLACK_BYTES = 4096;
/** Beyond this it is better that all functions look: what the guard takes, the stack has not. */
const MOST_GUARD_BYTES = 16 * 1024;
/** What the limit is when a look has ended the function. */
const EXCEEDED = -1;

export interface StackChecks {
  /** Indices of globals: the C stack's pointer, and the lowest that it may become, which is added to the module. */
  readonly pointer: number;
  readonly limit: number;
  /** Functions that look when they are entered, counted without the imported ones, and the bytes that they then take. */
  readonly entered: ReadonlyMap<number, number>;
  /** Those that look wherever they have set the pointer. */
  readonly moving: ReadonlySet<number>;
  /** Bytes that must be left below the limit. */
  readonly guardBytes: number;
}

/** @param recursive functions without which there would be no recursion; the bodies were read with the stack's pointer given */
export function planStackChecks(outline: Outline, bodies: readonly Body[], pointer: number, recursive: ReadonlySet<number>): StackChecks {
  const limit = outline.importedGlobals + outline.globals.length;
  const moving = new Set(bodies.flatMap(({ frame }, fn) => (frame === undefined ? [fn] : [])));
  const enteredWhere = (looks: (frame: number, fn: number) => boolean): Map<number, number> =>
    new Map(bodies.flatMap(({ frame = 0 }, fn) => (looks(frame, fn) ? [[fn, frame] as const] : [])));
  const plan = (entered: ReadonlyMap<number, number>): StackChecks | undefined => {
    const looks = (fn: number): boolean => entered.has(fn) || moving.has(fn);
    const graph = callGraph(outline, bodies).map((callees, node) => (looks(node) ? [] : callees));
    const unseen = deepest(
      graph,
      bodies.map(({ frame }, fn) => (looks(fn) ? 0 : frame)),
    );
    return unseen === undefined ? undefined : { pointer, limit, entered, moving, guardBytes: unseen + SLACK_BYTES };
  };
  const few = plan(enteredWhere((frame, fn) => recursive.has(fn) || frame >= LARGE_FRAME_BYTES));
  if (few && few.guardBytes <= MOST_GUARD_BYTES) return few;
  return { pointer, limit, entered: enteredWhere((frame) => frame > 0), moving, guardBytes: SLACK_BYTES };
}

/** Ends the function unless so many bytes are left. The difference is small and has a sign, wherever in memory the stack lies. */
export function stackCheck({ pointer, limit }: StackChecks, bytes: number): Uint8Array {
  const out = new Writer().byte(OP.globalGet).u32(pointer).byte(OP.globalGet).u32(limit).byte(OP.i32Sub);
  out.byte(OP.i32Const).s32(bytes).byte(OP.i32LessSigned).put([OP.if, VOID, OP.i32Const]).s32(EXCEEDED);
  return out.byte(OP.globalSet).u32(limit).put([OP.unreachable, OP.end]).view();
}

/** The global that is added: as long as the stack ends at address 0, that is its limit. */
export const LIMIT_GLOBAL = [I32, 1, OP.i32Const, 0, OP.end];
