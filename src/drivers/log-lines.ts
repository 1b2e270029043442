/** What a process writes, line by line into the function's log, and the last of it kept for the reason of a crash. */
import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import type { LogRecord } from '../engine/protocol.ts';
import { Pace } from './pace.ts';

/** A longer line is cut. */
const MAX_LINE_BYTES = 8 * 1024;
const TAIL_LINES = 5;
const TAIL_LINE_CHARACTERS = 256;
/** UTF-8 has up to four bytes a character. */
const TAIL_LINE_BYTES = 4 * TAIL_LINE_CHARACTERS;
const LINE_FEED = 10;
const NOTHING = Buffer.alloc(0);

/** Each stream has so many lines in the log in a window of time. Those beyond are not even decoded: that would be time of other functions. */
const WINDOW_MS = 50;
const WINDOW_LINES = 1000;
/** Who writes more than this in a window waits for the next one. */
const WINDOW_BYTES = 1024 * 1024;
/** What taking a piece costs, whatever is in it, in bytes that cost as much. */
const PIECE_BYTES = 1024;

export type Emit = (level: LogRecord['level'], line: string) => void;

/** Bytes in, lines out. What is held of an unfinished line is bounded. */
export class LogLines {
  readonly tail: string[] = [];
  readonly #level: LogRecord['level'];
  readonly #emit: Emit;
  #begun: Buffer = NOTHING;
  #since = 0;
  #lines = 0;
  #bytes = 0;

  constructor(level: LogRecord['level'], emit: Emit) {
    this.#level = level;
    this.#emit = emit;
  }

  write(piece: Buffer): void {
    this.#count(piece);
    let from = 0;
    for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, from)) {
      if (++this.#lines > WINDOW_LINES) {
        this.#drop(piece.subarray(from));
        return;
      }
      this.#line(piece.subarray(from, at));
      from = at + 1;
    }
    this.#keep(piece.subarray(from));
  }

  /** So long its writer is to wait. */
  get pauseMs(): number {
    return this.#bytes < WINDOW_BYTES ? 0 : Math.max(1, Math.ceil(this.#since + WINDOW_MS - performance.now()));
  }

  /** What was begun is a line. */
  end(): void {
    this.#line(NOTHING);
  }

  #count(piece: Buffer): void {
    const now = performance.now();
    if (now - this.#since >= WINDOW_MS) {
      this.#since = now;
      this.#lines = 0;
      this.#bytes = 0;
    }
    this.#bytes += PIECE_BYTES + piece.length;
  }

  #line(rest: Buffer): void {
    const whole = this.#takeBegun(rest);
    const text = whole.toString('utf8', 0, Math.min(whole.length, MAX_LINE_BYTES));
    if (text === '') return;
    this.#emit(this.#level, text);
    this.#remember(text);
  }

  /** All lines that end in these bytes. */
  #drop(bytes: Buffer): void {
    if (this.#lines === WINDOW_LINES + 1) this.#emit('warn', 'log lines were dropped: too many at once');
    const end = bytes.lastIndexOf(LINE_FEED);
    for (const line of lastLines(this.#takeBegun(bytes.subarray(0, end)))) this.#remember(line);
    this.#keep(bytes.subarray(end + 1));
  }

  #takeBegun(rest: Buffer): Buffer {
    const begun = this.#begun;
    this.#begun = NOTHING;
    return begun.length === 0 ? rest : Buffer.concat([begun, rest]);
  }

  #keep(part: Buffer): void {
    const room = MAX_LINE_BYTES - this.#begun.length;
    if (room > 0 && part.length > 0) this.#begun = Buffer.concat([this.#begun, part.subarray(0, room)]);
  }

  #remember(line: string): void {
    if (line === '') return;
    this.tail.push(line.slice(0, TAIL_LINE_CHARACTERS));
    if (this.tail.length > TAIL_LINES) this.tail.shift();
  }
}

function lastLines(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let end = bytes.length; end > 0 && lines.length < TAIL_LINES; ) {
    const start = bytes.lastIndexOf(LINE_FEED, end - 1) + 1;
    lines.unshift(bytes.toString('utf8', start, Math.min(end, start + TAIL_LINE_BYTES)));
    end = start - 1;
  }
  return lines;
}

/** Reads the stream to its end. A flood of it is read slowly: it fills its pipe, and its writer waits. */
export function logStream(stream: Readable, level: LogRecord['level'], emit: Emit): LogLines {
  const lines = new LogLines(level, emit);
  const pace = new Pace(stream);
  stream.on('data', (piece: Buffer) => {
    lines.write(piece);
    pace.rest(lines.pauseMs);
  });
  stream.on('end', () => lines.end());
  stream.on('error', () => {}); // its process is gone, which is noticed by itself
  return lines;
}
