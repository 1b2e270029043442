/**
 * Links a function with as little memory as it can need. What it can reach is wiped after each request, and its stack is most of that
 * (docs/decisions/2026-11-27-small-memories.md). How much of it can be used is seen in a linked module: so a C function is linked with little
 * to begin with, which nearly always is enough, and C++ as its author asked, as it is seldom known how much that can need.
 */
import type { Compiler, Linked, LinkInput, LinkJob } from './compiler.ts';

const KIB = 1024;
/** For what is not seen in the code: a host that enters the function while it waits does so on the same stack. */
const SLACK_BYTES = 512;
/** What a function gets at the least. */
const LEAST_STACK_BYTES = KIB;
/** One that calls these needs this much: a guess, which saves it a second link. */
const HUNGRY_STACK_BYTES = 2 * KIB;
const HUNGRY = ['printf', 'scanf', 'strtod', 'atof', 'strstr', 'memmem', 'qsort'];
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

export interface CompactlyLinked extends Linked {
  readonly compact: boolean;
}

/** @throws CompilerFailure */
export async function linkCompactly(
  { compiler, stackNeed, stackBytes, given, own, stackFlag, flags, heap }: Compacting,
  job: LinkJob,
  signal: AbortSignal,
): Promise<CompactlyLinked> {
  const link = (more: readonly string[], inputs: readonly LinkInput[]): Promise<Linked> =>
    compiler.link({ ...job, flags: [...job.flags, ...more, ...given], inputs: [...inputs, ...job.inputs] }, signal);
  const asAsked = async (): Promise<CompactlyLinked> => ({ ...(await link([stackFlag(stackBytes)], [])), compact: false });
  const compactly = async (stack: number): Promise<CompactlyLinked> => ({
    ...(await link([stackFlag(stack), ...flags], [await heap()])),
    compact: true,
  });
  const guess = own.some((input) => names(input, HUNGRY)) ? HUNGRY_STACK_BYTES : LEAST_STACK_BYTES;
  const placed = given.some((flag) => PLACES.test(flag)) || own.some((input) => names(input, PLACED));
  if (placed || stackBytes < guess) return asAsked();

  const little = job.language === 'c';
  const first = little ? await compactly(guess) : await asAsked();
  const need = await stackNeed(first.wasm, little ? guess : stackBytes);
  const enough = need === undefined ? stackBytes + 1 : Math.max(LEAST_STACK_BYTES, Math.ceil((need + SLACK_BYTES) / KIB) * KIB);
  if (enough > stackBytes) return little ? asAsked() : first;
  return little && enough <= guess ? first : compactly(enough);
}

function names({ content }: LinkInput, symbols: readonly string[]): boolean {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  return symbols.some((symbol) => bytes.includes(symbol));
}
