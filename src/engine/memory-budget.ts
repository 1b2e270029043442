/**
 * Memory that the contexts of one thread use together. A function grows its memory without asking the host, so it is counted when
 * a request waits or ends; what can be used beyond the budget is what one running function may take.
 */
import { constrainedMemory } from 'node:process';
import { totalmem } from 'node:os';

/** Of the machine's (or container's) memory; the rest is for compilers, caches, and everybody else. */
const SHARE = 0.5;
const MiB = 1024 * 1024;

/** Bytes that one of `threads` engine threads may use for contexts. */
export function contextBytesPerThread(threads: number): number {
  const limit = constrainedMemory();
  return Math.floor((Math.min(totalmem(), limit > 0 ? limit : Number.POSITIVE_INFINITY) * SHARE) / threads);
}

/** What uses memory, and how much of that has been counted. */
export interface Counted {
  readonly usedBytes: number;
  countedBytes: number;
}

export class MemoryBudget {
  readonly #max: number;
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts what is used now. False when that is more than there is. */
  count(user: Counted): boolean {
    const { usedBytes } = user;
    this.#used += usedBytes - user.countedBytes;
    user.countedBytes = usedBytes;
    return this.#used <= this.#max;
  }

  release(user: Counted): void {
    this.#used -= user.countedBytes;
    user.countedBytes = 0;
  }

  get exhausted(): boolean {
    return this.#used > this.#max;
  }

  /** Whether there is enough to keep results that nobody took yet. */
  get ample(): boolean {
    return this.#used <= this.#max / 4;
  }

  /** Whether there is enough to keep what a context has grown by, which may be used again. Less, so that it leaves room for results. */
  get plenty(): boolean {
    return this.#used <= this.#max / 8;
  }

  describe(): string {
    return `functions use ${Math.round(this.#used / MiB)} MiB in this thread, of ${Math.round(this.#max / MiB)}`;
  }
}
