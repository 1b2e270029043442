/** What a process writes, line by line into the function's log, and the last of it kept for the reason of a crash. */
import type { Readable } from 'node:stream';
import type { LogRecord } from '../../engine/protocol.ts';

/** A longer line is cut. */
const MAX_LINE_BYTES = 8 * 1024;
const TAIL_LINES = 5;
const TAIL_LINE_CHARACTERS = 256;
const LINE_FEED = 10;

export type Emit = (level: LogRecord['level'], line: string) => void;

/** Bytes in, lines out. What is held of an unfinished line is bounded. */
export class LogLines {
  readonly tail: string[] = [];
  readonly #level: LogRecord['level'];
  readonly #emit: Emit;
  #begun: Buffer = Buffer.alloc(0);

  constructor(level: LogRecord['level'], emit: Emit) {
    this.#level = level;
    this.#emit = emit;
  }

  write(piece: Uint8Array): void {
    let from = 0;
    for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, from)) {
      this.#take(piece.subarray(from, at));
      this.end();
      from = at + 1;
    }
    if (from < piece.length) this.#take(piece.subarray(from));
  }

  /** What was begun is a line. */
  end(): void {
    const line = this.#begun.toString('utf8');
    this.#begun = Buffer.alloc(0);
    if (line === '') return;
    this.#emit(this.#level, line);
    this.tail.push(line.slice(0, TAIL_LINE_CHARACTERS));
    if (this.tail.length > TAIL_LINES) this.tail.shift();
  }

  #take(part: Uint8Array): void {
    const room = MAX_LINE_BYTES - this.#begun.length;
    if (room > 0) this.#begun = Buffer.concat([this.#begun, part.subarray(0, room)]);
  }
}

/** Reads the stream to its end. */
export function logStream(stream: Readable, level: LogRecord['level'], emit: Emit): LogLines {
  const lines = new LogLines(level, emit);
  stream.on('data', (piece: Buffer) => lines.write(piece));
  stream.on('end', () => lines.end());
  stream.on('error', () => {}); // its process is gone, which is noticed by itself
  return lines;
}
