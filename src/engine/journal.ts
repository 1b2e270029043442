/**
 * Record and replay of one request in a merge group whose contexts share a stack.
 *
 * A WebAssembly trap cannot be caught by WebAssembly: when a callee traps, its caller's frames are gone too. What the
 * caller did so far is a function of its snapshot, its input and what host calls gave it. So host calls go through the
 * journal, and after a trap all contexts return to their snapshots and the request runs again: recorded values stand in
 * for the host, nothing is done twice, and the crossing that trapped gives its caller an error instead of entering the
 * callee. The path of a request that does not trap pays for appending to an array.
 */
export class Journal {
  readonly #values: unknown[] = [];
  #next = 0;
  /** Crossings that fail in a replay, in order, with the error their caller gets. */
  readonly #failures: { readonly crossing: number; readonly error: number }[] = [];
  #failure = 0;

  /** The value recorded at this point, or a new one. */
  value<T>(produce: () => T): T {
    // A replay repeats the calls of the run that was recorded, so what lies here is what this very call site put here.
    if (this.#next < this.#values.length) return this.#values[this.#next++] as T;
    const value = produce();
    this.#values.push(value);
    this.#next++;
    return value;
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
