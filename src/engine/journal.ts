/**
 * Record and replay of one request in a merge group whose contexts share a stack.
 *
 * A WebAssembly trap cannot be caught by WebAssembly: when a callee traps, its caller's frames are gone too. What the
 * caller did so far is a function of its snapshot, its input and what host calls gave it. So host calls go through the
 * journal, and after a trap all contexts return to their snapshots and the request runs again: recorded values stand in
 * for the host, nothing is done twice, and the crossing that trapped gives its caller an error instead of entering the
 * callee. The path of a request that does not trap pays for appending to an array.
 *
 * Neither traps nor host calls without end are worth replaying without end: past a bound, further calls go through the host, where a
 * callee has a stack of its own.
 */
const MAX_VALUES = 100_000;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_FAILURES = 16;

/** Of the host calls that are recorded; `wait`: one that waited until a callee's deadline, in vain. */
export type Effect = 'call' | 'fetch' | 'send' | 'log' | 'clock' | 'random' | 'sleep' | 'wait';

interface Entry {
  readonly effect: Effect;
  /** Crossings of the request so far: what is recorded while a crossing is open has at least its number. */
  readonly crossing: number;
  readonly value: unknown;
}

interface Failure {
  readonly crossing: number;
  /** What the caller gets. */
  readonly error: number;
}

export class Journal {
  #entries: Entry[] = [];
  #next = 0;
  #bytes = 0;
  #complete = true;
  /** Waits so far in this run, those that were spared among them. */
  #waits = 0;
  /** In the order in which a replay comes to them. */
  #failures: Failure[] = [];
  #failure = 0;

  /** The value recorded at this point, or a new one. @throws Diverged */
  value<T>(effect: Effect, crossing: number, produce: () => T): T {
    const entry = this.#entries[this.#next];
    if (entry) {
      if (entry.effect !== effect || entry.crossing !== crossing) throw new Diverged();
      this.#next++;
      return entry.value as T; // put here by the very same call
    }
    const value = produce();
    if (this.#complete) this.#record({ effect, crossing, value });
    return value;
  }

  /** The wait that comes now was in vain in the run that is being replayed, and nothing else was recorded between here and it. */
  get waitsInVain(): boolean {
    const entry = this.#entries[this.#next];
    return entry?.effect === 'wait' && entry.value === this.#waits;
  }

  /** The number of the wait that is over, or that was spared. */
  takeWait(): number {
    return this.#waits++;
  }

  #record(entry: Entry): void {
    if (entry.value instanceof Uint8Array) this.#bytes += entry.value.length;
    this.#next = this.#entries.push(entry);
    if (this.#next < MAX_VALUES && this.#bytes < MAX_BYTES) return;
    this.#complete = false;
    this.#entries = [];
    this.#next = 0;
  }

  /** Whether the request may run again with this crossing failing. */
  canFail(crossing: number): boolean {
    return this.#complete && this.#before(crossing).length < MAX_FAILURES;
  }

  /** Starts over, with one more crossing that fails. What its callee did is over: host calls and failures further in are forgotten. */
  rewind(crossing: number, error: number): void {
    this.#entries = this.#entries.filter((entry) => entry.crossing < crossing);
    this.#failures = [...this.#before(crossing), { crossing, error }];
    this.#next = 0;
    this.#failure = 0;
    this.#waits = 0;
  }

  #before(crossing: number): Failure[] {
    return this.#failures.filter((failure) => failure.crossing < crossing);
  }

  /** The crossing from which on none goes ahead by itself: the next that must fail, or all when replay is no longer at hand; -1 none. */
  get stopAt(): number {
    const due = this.#failures[this.#failure];
    if (due) return due.crossing;
    return this.#complete && this.#failures.length < MAX_FAILURES ? -1 : 0;
  }

  /** The error of a crossing that was stopped; none: it is to go through the host. */
  takeFailure(crossing: number): number | undefined {
    const due = this.#failures[this.#failure];
    if (due?.crossing !== crossing) return undefined;
    this.#failure++;
    return due.error;
  }
}

/** A function did not do again what it had done: it found out that it was run twice, by its memory's size for example. */
export class Diverged extends Error {
  override readonly name = 'Diverged';
}
