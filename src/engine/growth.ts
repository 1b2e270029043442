/** The end of a guest's memory: what it has asked the engine for, and what an earlier request left behind that. */
import { WASM_PAGE_BYTES } from '../model/limits.ts';

/** Whose memory it is: a context. */
export interface Growing {
  /** All that it can reach. */
  readonly bytes: Uint8Array;
  readonly memory: WebAssembly.Memory;
}

export class Growth {
  readonly #of: Growing;
  /** Where memory begins that the guest has not asked for yet, and where it ended when it last did. */
  #break: number;
  #knownEnd: number;

  constructor(of: Growing) {
    this.#of = of;
    this.#break = of.bytes.length;
    this.#knownEnd = this.#break;
  }

  /** It was brought back to a snapshot of so many bytes. */
  reset(snapshotBytes: number): void {
    this.#break = snapshotBytes;
    this.#knownEnd = this.#of.bytes.length;
  }

  /** Address of the first byte that the guest has not asked for. */
  get end(): number {
    return this.#break;
  }

  /** In this request, without asking the engine. */
  get byItself(): boolean {
    return this.#of.bytes.length !== this.#knownEnd;
  }

  /** Memory that an earlier request added, and that this one has not asked for. */
  get unclaimedBytes(): number {
    return this.#knownEnd - this.#break;
  }

  /**
   * `length` bytes more: what is there already, if there is enough of it, or new pages.
   * @param before address from which on memory is somebody else's
   * @returns the address, 0 when there is no more
   */
  take(length: number, before = Number.POSITIVE_INFINITY): number {
    const size = this.#of.bytes.length;
    // What the guest added by itself is its own.
    if (this.byItself) this.#break = size;
    const start = this.#break <= before && this.#break + length > before ? size : this.#break;
    const missing = start + length - size;
    if (missing > 0 && !this.#addPages(Math.ceil(missing / WASM_PAGE_BYTES))) return 0;
    this.#break = start + length;
    this.#knownEnd = this.#of.bytes.length;
    return start;
  }

  /** Nobody has that any more, from `end` on. */
  giveBack(end: number): void {
    this.#break = end;
  }

  #addPages(count: number): boolean {
    try {
      this.#of.memory.grow(count);
      return true;
    } catch {
      return false; // beyond its limit, or the machine's
    }
  }
}
