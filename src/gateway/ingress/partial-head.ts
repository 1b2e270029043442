/** The beginning of a head whose end has not come yet. Room grows with what has come. */

const FIRST_BYTES = 512;

export class PartialHead {
  length = 0;
  /** There is more than a blank line. */
  begun = false;
  #bytes: Buffer = Buffer.alloc(0);

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /** @param most bytes of a head, which the caller does not exceed */
  add(input: Uint8Array, from: number, to: number, most: number): void {
    const length = this.length + (to - from);
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(most, Math.max(2 * length, FIRST_BYTES)));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(input.subarray(from, to), this.length);
    this.length = length;
  }

  /** Its bytes stay whoever's has them. */
  forget(): void {
    this.#bytes = Buffer.alloc(0);
    this.length = 0;
    this.begun = false;
  }
}
