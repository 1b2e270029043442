/**
 * Links a function with as little memory as it can need. What it can reach is wiped after each request, and its stack is most of that
 * (docs/decisions/2026-11-27-small-memories.md). How much of it can be used is seen in a linked module: so a C function is linked with little
 * to begin with, which nearly always is enough, and C++ as its author asked, as it is seldom known how much that can need; but where that is
 * much, with what most requests need, and the rest where that is not enough (docs/decisions/2026-11-28-spare-stack.md).
 */
import type { Compiler, Linked, LinkInput, LinkJob } from './compiler.ts';
import type { SmallStack } from './rewrite/index.ts';
import type { StackNeed } from './rewrite/stack-need.ts';

const KIB = 1024;
/** For what is not seen in the code: a host that enters the function while it waits does so on the same stack. */
const SLACK_BYTES = 512;
/** What a function gets at the least. */
const LEAST_STACK_BYTES = KIB;
/** One that calls these needs this much: a guess, which saves it a second link. */
const HUNGRY_STACK_BYTES = 2 * KIB;
const HUNGRY = ['printf', 'scanf', 'strtod', 'atof', 'strstr', 'memmem', 'qsort'];
/** One whose need has no limit that is known gets this much, which is enough for most requests, and all that it may need in those where it is not. */
const UNBOUNDED_STACK_BYTES = 16 * KIB;
/** To wipe less than this takes no longer than what it needs to do without: functions that look after the end of their stack. */
const LEAST_SPARED_BYTES = 64 * KIB;
/** Who says where in memory things are to be, or asks for it, knows why: it would be somewhere else. */
const PLACES = /memory|heap|stack|-base/;
const PLACED = ['__heap_base', '__heap_end', '__data_end'];

export interface Compacting {
  readonly compiler: Compiler;
  /** Of a module that was linked with so much stack. */
  readonly stackNeed: (wasm: Uint8Array, stackBytes: number) => Promise<StackNeed>;
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
  /** It has less of a stack than it may need, and gets the rest where that is not enough (src/engine/spare-stack.ts). */
  readonly stack?: SmallStack;
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
  const placed = given.some((flag) => PLACES.test(flag)) || own.some((input) => names(input, PLACED));
  const spares = stackBytes >= UNBOUNDED_STACK_BYTES + LEAST_SPARED_BYTES;
  const guess = job.language === 'c' ? guessOf(own) : spares ? UNBOUNDED_STACK_BYTES : stackBytes;
  if (placed || stackBytes < guess) return asAsked();

  const first = guess === stackBytes ? await asAsked() : await compactly(guess);
  const need = await stackNeed(first.wasm, guess);
  if (need === 'unbounded' && spares) {
    const linked = guess === UNBOUNDED_STACK_BYTES ? first : await compactly(UNBOUNDED_STACK_BYTES);
    // Not moved: who needs so much computes, and moved addresses are longer instructions.
    return { ...linked, compact: false, stack: { linkedBytes: UNBOUNDED_STACK_BYTES, mayNeedBytes: stackBytes } };
  }
  if (typeof need !== 'number') return guess === stackBytes ? first : asAsked();
  const enough = Math.max(LEAST_STACK_BYTES, Math.ceil((need + SLACK_BYTES) / KIB) * KIB);
  if (enough > stackBytes) return guess === stackBytes ? first : asAsked();
  return job.language === 'c' && enough <= guess ? first : compactly(enough);
}

const guessOf = (own: readonly LinkInput[]): number => (own.some((input) => names(input, HUNGRY)) ? HUNGRY_STACK_BYTES : LEAST_STACK_BYTES);

function names({ content }: LinkInput, symbols: readonly string[]): boolean {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  return symbols.some((symbol) => bytes.includes(symbol));
}
