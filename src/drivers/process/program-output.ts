/** What a program prints while it answers one request: passed on as it comes, or collected up to the limit of an answer. */
import type { AnswerStream } from '../../engine/driver.ts';
import type { Flow } from '../pace.ts';

/** Beside the body an answer may have a head, which some programs print themselves. */
const HEAD_ROOM_BYTES = 64 * 1024;
const FIRST_BYTES = 4096;
const STREAM_STATUS = 200;

/** Behind an answer of a hot program they mean nothing, and may come late. */
export function isLineFeeds(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 10 || byte === 13);
}

export class Collected {
  /** More than the limit was printed; nothing of it is kept. */
  overflow = false;
  readonly #limit: number;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(responseBytes: number) {
    this.#limit = responseBytes + HEAD_ROOM_BYTES;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  write(piece: Buffer): void {
    const end = this.#length + piece.length;
    if (end > this.#limit) this.overflow = true;
    if (this.overflow) return;
    if (this.#length === 0)
      this.#buffer = piece; // most programs print at once, and then nothing is copied
    else {
      if (end > this.#buffer.length) this.#grow(end);
      piece.copy(this.#buffer, this.#length);
    }
    this.#length = end;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, needed, this.#buffer.length * 2));
    this.bytes.copy(grown);
    this.#buffer = grown;
  }
}

export interface StreamedParts {
  readonly stream: AnswerStream;
  readonly head: Uint8Array;
  readonly flow: Flow;
  readonly responseBytes: number;
}

/** Passes on what is printed at the pace at which the client takes it, up to the limit of an answer. */
export class Streamed {
  begun = false;
  /** More than the limit was printed; what is beyond was not passed on. */
  overflow = false;
  readonly #stream: AnswerStream;
  readonly #head: Uint8Array;
  readonly #flow: Flow;
  #left: number;

  constructor({ stream, head, flow, responseBytes }: StreamedParts) {
    this.#stream = stream;
    this.#head = head;
    this.#flow = flow;
    this.#left = responseBytes;
  }

  write(piece: Buffer): void {
    this.#left -= piece.length;
    this.overflow = this.#left < 0;
    if (this.overflow) return;
    if (!this.begun) this.#stream.begin(STREAM_STATUS, this.#head);
    this.begun = true;
    if (this.#stream.write(piece)) return;
    this.#flow.pause();
    void this.#stream.drained().then(() => this.#flow.resume());
  }
}
