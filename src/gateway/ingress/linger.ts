/**
 * A client that asks again as soon as it has its answer is waited for without going to sleep: to be woken takes longer than to answer. What
 * that costs is bounded: MOST_MS behind an answer, behind fewer of them the more often it was in vain, and for a while none at all where
 * somebody else waits for the processor.
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** Clients of the same machine take less. */
const MOST_MS = 0.05;
/** Answers behind which it is not tried, once it has mostly been in vain. */
const MOST_PASSED_OVER = 63;
/** How often it is looked whether somebody waits. */
const WINDOW_MS = 10;
/** The part of a window that this thread may have waited for its processor: where it does, others wait for it. */
const MOST_WAITED = 0.1;
/** One window in which it waited says little: whatever begins makes others run for a moment. */
const TOO_MANY_WINDOWS = 2;
const SHORTEST_REST_MS = 200;
const LONGEST_REST_MS = 6400;
/** What a window in which nobody waited leaves of the next rest: two threads that are in a client's way would else soon try again. */
const FORGIVEN = 0.97;

/** What a thread has of its machine. */
export interface LingerThread {
  /** Monotonic milliseconds. */
  now(): number;
  /** For how long, in all, it was ready to run and did not, milliseconds; nothing where that is not known. */
  waitedMs(): number | undefined;
  /** Calls back when what has come meanwhile is done, without sleeping. */
  again(look: () => void): void;
}

export class Linger {
  readonly #thread: LingerThread;
  readonly #possible: boolean;
  #running = false;
  /** The last answer. */
  #since = 0;
  #answered = false;
  #passesOver = 0;
  #left = 0;
  #windowSince = Number.NEGATIVE_INFINITY;
  #waitedBefore = 0;
  #inTheWayFor = 0;
  #restMs = SHORTEST_REST_MS;
  #restsUntil = 0;

  constructor(thread: LingerThread = thisThread) {
    this.#thread = thread;
    this.#possible = thread.waitedMs() !== undefined;
  }

  /** An answer left, made as soon as its request was read, and the only one of its turn of the event loop. */
  answered(): void {
    if (this.#running) this.#answered = true;
    else if (this.#left > 0) this.#left -= 1;
    else if (this.#possible) this.#begin();
  }

  #begin(): void {
    const now = this.#thread.now();
    if (now < this.#restsUntil) {
      this.#left = MOST_PASSED_OVER;
      return;
    }
    if (now - this.#windowSince > 2 * WINDOW_MS) this.#openWindow(now);
    this.#running = true;
    this.#answered = false;
    this.#since = now;
    this.#thread.again(this.#look);
  }

  readonly #look = (): void => {
    const now = this.#thread.now();
    if (now - this.#windowSince >= WINDOW_MS && this.#inTheWay(now)) return this.#rest(now);
    if (this.#answered) {
      this.#answered = false;
      this.#since = now;
      this.#passesOver >>= 1;
    } else if (now - this.#since >= MOST_MS) return this.#stop();
    this.#thread.again(this.#look);
  };

  /** In vain. */
  #stop(): void {
    this.#running = false;
    this.#passesOver = Math.min(MOST_PASSED_OVER, this.#passesOver * 2 + 1);
    this.#left = this.#passesOver;
  }

  #openWindow(now: number): void {
    this.#windowSince = now;
    this.#waitedBefore = this.#thread.waitedMs() ?? 0;
  }

  #inTheWay(now: number): boolean {
    const most = this.#waitedBefore + MOST_WAITED * (now - this.#windowSince);
    this.#openWindow(now);
    if (this.#waitedBefore <= most) {
      this.#inTheWayFor = 0;
      this.#restMs = Math.max(SHORTEST_REST_MS, this.#restMs * FORGIVEN);
      return false;
    }
    this.#inTheWayFor += 1;
    return this.#inTheWayFor >= TOO_MANY_WINDOWS;
  }

  #rest(now: number): void {
    this.#running = false;
    this.#inTheWayFor = 0;
    this.#restsUntil = now + this.#restMs;
    this.#restMs = Math.min(LONGEST_REST_MS, this.#restMs * 2);
  }
}

/** The scheduler's books of this thread, on Linux: nanoseconds on a processor, and on the way to one. */
const SCHEDULE = '/proc/thread-self/schedstat';

function waitedMs(): number | undefined {
  try {
    const [ran = 0, waited = 0] = readFileSync(SCHEDULE, 'latin1').split(' ').map(Number);
    // A kernel that does not count says 0.
    return ran > 0 ? waited / 1e6 : undefined;
  } catch {
    return undefined;
  }
}

const thisThread: LingerThread = {
  now: () => performance.now(),
  waitedMs,
  again: (look) => void setImmediate(look),
};
