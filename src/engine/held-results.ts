/**
 * Results that the host keeps for one request until the function has taken them, or, where it may be replayed, until it ends.
 * They count as memory of the thread's contexts, so that no function can pile them up here.
 */
import type { Counted, MemoryBudget } from './memory-budget.ts';

export class HeldResults implements Counted {
  /** What `result` reads: the last one taken. */
  last: Uint8Array | undefined;
  usedBytes = 0;
  countedBytes = 0;
  readonly #memory: MemoryBudget;
  readonly #keepsAll: boolean;
  #over = false;

  constructor(memory: MemoryBudget, keepsAll: boolean) {
    this.#memory = memory;
    this.#keepsAll = keepsAll;
  }

  /** False when there is no memory for so many bytes, or nobody to take them any more. */
  hold(bytes: number): boolean {
    if (this.#over) return false;
    if (bytes === 0) return true;
    this.usedBytes += bytes;
    // The function takes them into its own memory next, and must find room there.
    if (this.#memory.count(this) && this.#memory.ample) return true;
    this.#drop(bytes);
    return false;
  }

  /** The function takes this one; the one before is gone. */
  take(result: Uint8Array | undefined): void {
    if (this.last && !this.#keepsAll) this.#drop(this.last.length);
    this.last = result;
  }

  /** The request ended: what still comes is for nobody. */
  end(): void {
    this.#over = true;
    this.last = undefined;
    this.#memory.release(this);
  }

  #drop(bytes: number): void {
    if (bytes === 0) return;
    this.usedBytes -= bytes;
    this.#memory.count(this);
  }
}
