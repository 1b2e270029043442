/**
 * Links a function with as little memory as it can need: once as its author asked, to see how much of the stack it can use, and once more with
 * that. What it can reach is wiped after each request, and this is most of what that takes (docs/decisions/2026-11-27-small-memories.md).
 */
import type { Compiler, LinkInput, LinkJob } from './compiler.ts';

const KIB = 1024;
/** For what is not seen in the code: a host that enters the function while it waits does so on the same stack. */
const SLACK_BYTES = 512;
/** Who says where in memory things are to be, or asks for it, knows why: it would be somewhere else. */
const PLACES = /memory|heap|stack|-base/;
const PLACED = ['__heap_base', '__heap_end', '__data_end'];

export interface Compacting {
  readonly compiler: Compiler;
  /** How much of the stack that it was linked with a module can need; absent when nobody knows. */
  readonly stackNeed: (wasm: Uint8Array, stackBytes: number) => Promise<number | undefined>;
  readonly stackBytes: number;
  /** The author's own flags, and objects and libraries. */
  readonly given: readonly string[];
  readonly own: readonly LinkInput[];
  readonly stackFlag: (bytes: number) => string;
  /** What is linked as well, to be compact. */
  readonly flags: readonly string[];
  readonly heap: () => Promise<LinkInput>;
}

export interface CompactlyLinked {
  readonly wasm: Uint8Array;
  readonly warnings: string;
  readonly compact: boolean;
}

/** @throws CompilerFailure */
export async function linkCompactly(
  { compiler, stackNeed, stackBytes, given, own, stackFlag, flags, heap }: Compacting,
  job: LinkJob,
  signal: AbortSignal,
): Promise<CompactlyLinked> {
  const link = (more: readonly string[], inputs: readonly LinkInput[]) =>
    compiler.link({ ...job, flags: [...job.flags, ...more], inputs: [...inputs, ...job.inputs] }, signal);
  const first = await link([stackFlag(stackBytes), ...given], []);
  if (given.some((flag) => PLACES.test(flag)) || own.some(asksForPlaces)) return { ...first, compact: false };
  const need = await stackNeed(first.wasm, stackBytes);
  const enough = need === undefined ? Number.POSITIVE_INFINITY : Math.ceil((need + SLACK_BYTES) / KIB) * KIB;
  if (enough > stackBytes) return { ...first, compact: false };
  const { wasm } = await link([stackFlag(enough), ...flags, ...given], [await heap()]);
  return { wasm, warnings: first.warnings, compact: true };
}

function asksForPlaces({ content }: LinkInput): boolean {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  return PLACED.some((symbol) => bytes.includes(symbol));
}
