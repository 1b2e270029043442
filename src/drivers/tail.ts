/** The last of what was written, up to a limit, which takes its place once and is not moved at each piece. */
import { Buffer } from 'node:buffer';

const FIRST_BYTES = 1024;

export class Tail {
  readonly #limit: number;
  #buffer = Buffer.alloc(0);
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(Math.max(0, this.#length - this.#limit), this.#length);
  }

  write(piece: Buffer): void {
    const kept = piece.subarray(-this.#limit);
    if (this.#length + kept.length > this.#buffer.length) this.#makeRoom(kept.length);
    kept.copy(this.#buffer, this.#length);
    this.#length += kept.length;
  }

  /** Up to twice the limit: the older half goes when it is full. */
  #makeRoom(needed: number): void {
    const { bytes } = this;
    const wanted = Math.max(FIRST_BYTES, bytes.length + needed, this.#buffer.length * 2);
    const room = Buffer.allocUnsafe(Math.min(wanted, 2 * this.#limit));
    bytes.copy(room);
    this.#buffer = room;
    this.#length = bytes.length;
  }
}
