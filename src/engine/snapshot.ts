/**
 * The state of a context after its initialisation: memory and mutable globals. Restoring it erases every byte that a
 * request wrote (lwC's snapshot and rollback, OSDI'16 §2).
 */

/** What a snapshot is taken of, and put into. */
export interface Restorable {
  /** All memory there is now; may have grown since the snapshot, never shrinks. Its length is a multiple of 4. */
  readonly bytes: Uint8Array;
  readonly globals: readonly WebAssembly.Global[];
}

export type GlobalType = 'i32' | 'other';

/** A stretch of memory. */
export interface Run {
  readonly start: number;
  readonly end: number;
  /** What it holds; absent: zeros, but for the snapshot's `words`. */
  readonly data?: Uint8Array;
}

export interface Word {
  readonly at: number;
  readonly value: number;
}

const BLOCK_BYTES = 4096;
const WORD_BYTES = 4;
/** A block with no more words than these that are not zero is wiped, and they are put there one by one. */
const MAX_BLOCK_WORDS = 64;
/** Of all blocks: each is an instruction of generated code. */
const MAX_WORDS = 256;

export class Snapshot {
  readonly byteLength: number;
  /** Bytes of blocks that are not all zero: what a context that starts from here takes of the machine's memory. */
  readonly dataBytes: number;
  /** All of memory, neighbours of a kind joined. */
  readonly runs: readonly Run[];
  readonly words: readonly Word[];
  /** By their index among the globals; those that are no i32 have none. */
  readonly integers: readonly (number | undefined)[];
  readonly #data: readonly Required<Run>[];
  readonly #globals: readonly unknown[];
  /** Indices of those that are no i32. */
  readonly #others: readonly number[];
  /** Runs that hold little or nothing here, but that a new instance's data segments fill. */
  #cleared: readonly Run[] | undefined;

  constructor(of: Restorable, types: readonly GlobalType[] = []) {
    const { runs, words, dataBytes } = divide(of.bytes.slice());
    this.byteLength = of.bytes.length;
    this.runs = runs;
    this.words = words;
    this.dataBytes = dataBytes;
    this.#data = runs.filter(hasData);
    this.#globals = of.globals.map((g) => g.value);
    this.integers = this.#globals.map((value, i) => (types[i] === 'i32' ? (value as number) : undefined));
    this.#others = this.integers.flatMap((value, i) => (value === undefined ? [i] : []));
  }

  restore(to: Restorable): void {
    const { bytes } = to;
    for (const { start, end, data } of this.runs) if (!data) bytes.fill(0, start, end);
    if (bytes.length > this.byteLength) bytes.fill(0, this.byteLength);
    this.#put(to);
  }

  /** What generated code leaves to do (rollback.ts): stretches that are full of data, and globals of all other types. */
  restoreRest({ bytes, globals }: Restorable): void {
    for (const { data, start } of this.#data) bytes.set(data, start);
    for (const i of this.#others) (globals[i] as WebAssembly.Global).value = this.#globals[i];
  }

  /** For a new instance, which is all zero but for its data segments: untouched pages stay uncommitted. */
  fill(fresh: Restorable): void {
    const { bytes } = fresh;
    this.#cleared ??= this.runs.filter(({ start, end, data }) => !data && !bytes.subarray(start, end).every((byte) => byte === 0));
    for (const { start, end } of this.#cleared) bytes.fill(0, start, end);
    this.#put(fresh);
  }

  /** All that is not zero. */
  #put({ bytes, globals }: Restorable): void {
    for (const { data, start } of this.#data) bytes.set(data, start);
    const view = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD_BYTES);
    for (const { at, value } of this.words) view[at / WORD_BYTES] = value;
    globals.forEach((global, i) => (global.value = this.#globals[i]));
  }
}

const hasData = (run: Run): run is Required<Run> => run.data !== undefined;

interface Division {
  readonly runs: Run[];
  readonly words: Word[];
  readonly dataBytes: number;
}

/** Filling is cheaper than copying, and needs no second copy in the core's cache. */
function divide(bytes: Uint8Array<ArrayBuffer>): Division {
  const view = new Int32Array(bytes.buffer);
  const words: Word[] = [];
  const blocks: Run[] = [];
  let dataBytes = 0;
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const end = Math.min(start + BLOCK_BYTES, bytes.length);
    const found = wordsIn(view, start, end);
    if (found?.length !== 0) dataBytes += end - start;
    if (found && words.length + found.length <= MAX_WORDS) {
      words.push(...found);
      blocks.push({ start, end });
    } else blocks.push({ start, end, data: bytes.subarray(start, end) });
  }
  return { runs: join(blocks, bytes), words, dataBytes };
}

/** Words that are not zero; nothing when there are many. */
function wordsIn(view: Int32Array, start: number, end: number): Word[] | undefined {
  const found: Word[] = [];
  for (let at = start; at < end; at += WORD_BYTES) {
    const value = view[at / WORD_BYTES] as number; // within memory
    if (value !== 0 && found.push({ at, value }) > MAX_BLOCK_WORDS) return undefined;
  }
  return found;
}

function join(blocks: readonly Run[], bytes: Uint8Array): Run[] {
  const runs: Run[] = [];
  for (const block of blocks) {
    const last = runs.at(-1);
    if (last && hasData(last) === hasData(block)) runs[runs.length - 1] = { ...last, end: block.end };
    else runs.push(block);
  }
  // Only what holds data is kept of all that was looked at.
  return runs.map(({ start, end, data }) => (data ? { start, end, data: bytes.slice(start, end) } : { start, end }));
}
