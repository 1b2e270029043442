/** Takes apart what an attached container without a terminal prints: frames of standard output and standard error. */

const HEADER_BYTES = 8;
const STDERR = 2;

export type OutputName = 'stdout' | 'stderr';

export class FrameReader {
  readonly #take: (name: OutputName, piece: Buffer) => void;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFill = 0;
  #name: OutputName = 'stdout';
  #rest = 0;

  /** `take` gets pieces as they come: a frame may come in several. */
  constructor(take: (name: OutputName, piece: Buffer) => void) {
    this.#take = take;
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#rest === 0) {
        const taken = bytes.copy(this.#header, this.#headerFill, at, at + HEADER_BYTES - this.#headerFill);
        at += taken;
        this.#headerFill += taken;
        if (this.#headerFill < HEADER_BYTES) return;
        this.#headerFill = 0;
        this.#name = this.#header[0] === STDERR ? 'stderr' : 'stdout';
        this.#rest = this.#header.readUInt32BE(4);
      } else {
        const piece = bytes.subarray(at, at + this.#rest);
        at += piece.length;
        this.#rest -= piece.length;
        this.#take(this.#name, piece);
      }
    }
  }
}
