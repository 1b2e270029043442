/**
 * Record and replay of one request in a merge group whose contexts share a stack.
 *
 * A WebAssembly trap cannot be caught by WebAssembly: when a callee traps, its caller's frames are gone too. What the
 * caller did so far is a function of its snapshot, its input and what host calls gave it. So host calls go through the
 * journal, and after a trap all contexts return to their snapshots and the request runs again: recorded values stand in
 * for the host, nothing is done twice, and the crossing that trapped gives its caller an error instead of entering the
 * callee. The path of a request that does not trap pays for appending to an array.
 *
 * A request that makes host calls without end fills no memory with them: past a bound nothing more is recorded, and a callee's trap
 * then ends the whole request.
 */
const MAX_VALUES = 100_000;
const MAX_BYTES = 16 * 1024 * 1024;

export class Journal {
  #values: unknown[] = [];
  #next = 0;
  #bytes = 0;
  #complete = true;
  /** Crossings that fail in a replay, in order, with the error their caller gets. */
  readonly #failures: { readonly crossing: number; readonly error: number }[] = [];
  #failure = 0;

  /** The value recorded at this point, or a new one. */
  value<T>(produce: () => T): T {
    // A replay repeats the calls of the run that was recorded, so what lies here is what this very call site put here.
    if (this.#next < this.#values.length) return this.#values[this.#next++] as T;
    const value = produce();
    if (this.#complete) this.#record(value);
    return value;
  }

  #record(value: unknown): void {
    if (value instanceof Uint8Array) this.#bytes += value.length;
    this.#values.push(value);
    this.#next++;
    if (this.#next < MAX_VALUES && this.#bytes < MAX_BYTES) return;
    this.#complete = false;
    this.#values = [];
    this.#next = 0;
  }

  /** Everything was recorded: the request can be replayed. */
  get complete(): boolean {
    return this.#complete;
  }

  get length(): number {
    return this.#values.length;
  }

  get replays(): number {
    return this.#failures.length;
  }

  /** Starts over, with one more crossing that fails. */
  rewind(crossing: number, error: number): void {
    this.#failures.push({ crossing, error });
    this.#failures.sort((a, b) => a.crossing - b.crossing);
    this.#next = 0;
    this.#failure = 0;
  }

  /** The next crossing that must fail; -1 none. */
  get failAt(): number {
    return this.#failures[this.#failure]?.crossing ?? -1;
  }

  /** The error of the crossing that is due, and on to the next. */
  takeFailure(): number | undefined {
    return this.#failures[this.#failure++]?.error;
  }
}
