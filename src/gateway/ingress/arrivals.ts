/**
 * One per thread: requests that come in the same turn of the event loop are read first, all of them, and then answered one behind the
 * other. What a function needs, and the code that leads to it, then stays in the core's first cache; with the kernel in between, for a
 * read each, it does not.
 */
import type { Outbox } from './outbox.ts';
import { GATHERED_BYTES, gather, takeGathered } from './read-buffer.ts';

/** To copy a larger one costs more than that gains. */
const MAX_BYTES = 1024;

/** Heads are compared word by word where they begin with one. */
const nextPlace = (end: number): number => (end + 3) & ~3;

export interface Reader {
  /** @param lent until it returns */
  received(lent: Uint8Array): void;
}

export class Arrivals {
  readonly #outbox: Outbox;
  readonly #readers: (Reader | undefined)[] = [];
  /** Where the bytes of each end; they begin at the next place behind those before them. */
  readonly #ends: number[] = [];
  #count = 0;
  #bytes = 0;
  #scheduled = false;
  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#outbox.openTurn();
    try {
      this.deliver();
    } finally {
      this.#outbox.closeTurn();
    }
  };

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** False: `reader` has to take them now. Nothing that came before them is left then. */
  gather(reader: Reader, lent: Uint8Array): boolean {
    if (lent.length > MAX_BYTES || (this.#count === 0 && !this.#outbox.expectsSeveral)) {
      this.deliver();
      return false;
    }
    if (this.#bytes + lent.length > GATHERED_BYTES) this.deliver();
    gather(lent, this.#bytes);
    const end = this.#bytes + lent.length;
    this.#readers[this.#count] = reader;
    this.#ends[this.#count] = end;
    this.#count += 1;
    this.#bytes = nextPlace(end);
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#turn);
    }
    return true;
  }

  /** Before something that has to come behind them. */
  deliver(): void {
    const count = this.#count;
    this.#count = 0;
    this.#bytes = 0;
    let from = 0;
    for (let i = 0; i < count; i += 1) {
      const reader = this.#readers[i] as Reader;
      const to = this.#ends[i] as number;
      this.#readers[i] = undefined;
      reader.received(takeGathered(from, to));
      from = nextPlace(to);
    }
  }
}
