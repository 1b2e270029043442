/** A socket that can be read to its end after its other side has stopped reading: Node destroys one, and what it holds, when a write fails. */
import { type OnReadOpts, Socket } from 'node:net';

type Written = (error?: Error | null) => void;

const REFUSED = new Set(['EPIPE', 'ECONNRESET']);

export class PatientSocket extends Socket {
  readonly #refused: (cause: NodeJS.ErrnoException) => void;

  /** `refused` is called instead of an error for each write that the other side does not take. */
  constructor(onread: OnReadOpts, refused: (cause: NodeJS.ErrnoException) => void) {
    super({ onread });
    this.#refused = refused;
  }

  override _write(chunk: unknown, encoding: BufferEncoding, written: Written): void {
    super._write(chunk, encoding, (cause) => written(this.#withoutRefusal(cause)));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], written: Written): void {
    super._writev?.(chunks, (cause) => written(this.#withoutRefusal(cause)));
  }

  #withoutRefusal(cause: NodeJS.ErrnoException | null | undefined): Error | null | undefined {
    if (!cause?.code || !REFUSED.has(cause.code)) return cause;
    this.#refused(cause);
    return null;
  }
}
