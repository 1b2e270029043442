/** What containers print: line by line into the function's log, and the last of it kept for messages. */
import { type Emit, LogLines } from '../log-lines.ts';
import { Tail } from '../tail.ts';

/** As much as a contract gets to see. */
const TAIL_BYTES = 64 * 1024;
const SHOWN_LINES = 5;
const SHOWN_BYTES = 1024;

export class OutputLog {
  readonly #out: LogLines;
  readonly #err: LogLines;
  readonly #tail = new Tail(TAIL_BYTES);

  constructor(emit: Emit) {
    this.#out = new LogLines('info', emit);
    this.#err = new LogLines('error', emit);
  }

  /** @returns how long its writer is to wait */
  stdout(piece: Buffer): number {
    this.#out.write(piece);
    return this.#out.pauseMs;
  }

  /** @returns how long its writer is to wait */
  stderr(piece: Buffer): number {
    this.#err.write(piece);
    this.#tail.write(piece);
    return this.#err.pauseMs;
  }

  /** The last line need not end in a line feed. */
  flush(): void {
    this.#out.end();
    this.#err.end();
  }

  get tail(): Uint8Array {
    return this.#tail.bytes;
  }

  /** The last lines of standard error, for a message; empty when there are none. */
  get lastWords(): string {
    const lines = this.#tail.bytes.subarray(-SHOWN_BYTES).toString('utf8').trimEnd().split('\n');
    return lines.slice(-SHOWN_LINES).join('\n');
  }
}
