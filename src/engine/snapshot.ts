/**
 * The state of a context after its initialisation: memory and mutable globals. Restoring it erases every byte that a
 * request wrote (lwC's snapshot and rollback, OSDI'16 §2).
 */

/** What a snapshot is taken of and restored to. */
export interface Restorable {
  /** All memory there is now; may have grown since the snapshot, never shrinks. */
  readonly bytes: Uint8Array;
  readonly globals: readonly WebAssembly.Global[];
}

const BLOCK_BYTES = 4096;

interface Run {
  readonly start: number;
  readonly end: number;
  /** Absent: all zero. */
  readonly data?: Uint8Array;
}

export class Snapshot {
  readonly byteLength: number;
  /** Bytes that are not zero: what a context that starts from here takes of the machine's memory. */
  readonly dataBytes: number;
  readonly #runs: readonly Run[];
  readonly #globals: readonly unknown[];
  /** Runs that are zero here, but that a new instance's data segments fill. */
  #cleared: readonly Run[] | undefined;

  constructor(of: Restorable) {
    this.byteLength = of.bytes.length;
    this.#runs = runsOf(of.bytes.slice());
    this.dataBytes = this.#runs.reduce((sum, run) => sum + (run.data?.length ?? 0), 0);
    this.#globals = of.globals.map((g) => g.value);
  }

  restore(to: Restorable): void {
    const { bytes, globals } = to;
    for (const run of this.#runs) {
      if (run.data) bytes.set(run.data, run.start);
      else bytes.fill(0, run.start, run.end);
    }
    if (bytes.length > this.byteLength) bytes.fill(0, this.byteLength);
    for (let i = 0; i < globals.length; i++) {
      const global = globals[i];
      if (global) global.value = this.#globals[i];
    }
  }

  /** For a new instance, which is all zero but for its data segments: untouched pages stay uncommitted. */
  fill(fresh: Restorable): void {
    const { bytes } = fresh;
    this.#cleared ??= this.#runs.filter((run) => !run.data && !bytes.subarray(run.start, run.end).every((b) => b === 0));
    for (const run of this.#cleared) bytes.fill(0, run.start, run.end);
    for (const run of this.#runs) if (run.data) bytes.set(run.data, run.start);
    for (let i = 0; i < fresh.globals.length; i++) {
      const global = fresh.globals[i];
      if (global) global.value = this.#globals[i];
    }
  }
}

/** Blocks of zeros and blocks with data, neighbours of a kind joined: filling is cheaper than copying. */
function runsOf(bytes: Uint8Array): Run[] {
  const runs: Run[] = [];
  let start = 0;
  while (start < bytes.length) {
    const zero = isZero(bytes, start);
    let end = start + BLOCK_BYTES;
    while (end < bytes.length && isZero(bytes, end) === zero) end += BLOCK_BYTES;
    end = Math.min(end, bytes.length);
    runs.push(zero ? { start, end } : { start, end, data: bytes.slice(start, end) });
    start = end;
  }
  return runs;
}

function isZero(bytes: Uint8Array, start: number): boolean {
  const end = Math.min(start + BLOCK_BYTES, bytes.length);
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}
