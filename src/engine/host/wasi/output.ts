/** Where standard output and standard error go: into the answer, or line by line into the function's log. */
import type { LogRecord } from '../../protocol.ts';
import { ERRNO, type Errno } from './preview1.ts';

const FIRST_BYTES = 512;
const LINE_FEED = 10;
/** A longer line is cut. */
const MAX_LINE_BYTES = 8 * 1024;
/** What one request may log through its standard streams; and what a line costs beside its text. */
const MAX_LOGGED_BYTES = 256 * 1024;
const LINE_COST_BYTES = 64;
const EMPTY = new Uint8Array(0);

const decoder = new TextDecoder();

/** Takes all of the bytes that a function wrote, or none of them. */
export interface Output {
  write(piece: Uint8Array): Errno;
}

/** Collects an answer up to its limit. */
export class Collector implements Output {
  /** The function wrote more than fits. */
  overflow = false;
  readonly #limit: number;
  #buffer: Uint8Array = EMPTY;
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): Uint8Array {
    return this.#length === 0 ? EMPTY : this.#buffer.subarray(0, this.#length);
  }

  write(piece: Uint8Array): Errno {
    const end = this.#length + piece.length;
    if (end > this.#limit) {
      this.overflow = true;
      return ERRNO.fbig;
    }
    if (end > this.#buffer.length) this.#grow(end);
    this.#buffer.set(piece, this.#length);
    this.#length = end;
    return ERRNO.success;
  }

  #grow(needed: number): void {
    // Not cleared, which is safe because only what was written is ever read; small ones come out of Node's pool.
    const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, needed, Math.min(this.#buffer.length * 2, this.#limit)));
    grown.set(this.bytes);
    this.#buffer = grown;
  }
}

export type Emit = (level: LogRecord['level'], line: string) => void;

/** What is left for a request to log; shared by its streams. */
export class LogBudget {
  readonly emit: Emit;
  #left = MAX_LOGGED_BYTES;

  constructor(emit: Emit) {
    this.emit = emit;
  }

  get spent(): boolean {
    return this.#left <= 0;
  }

  line(level: LogRecord['level'], text: string, bytes: number): void {
    if (this.#left <= 0) return;
    this.emit(level, text);
    this.#left -= bytes + LINE_COST_BYTES;
    if (this.#left <= 0) this.emit('warn', `… more was dropped: one request may print ${MAX_LOGGED_BYTES / 1024} KiB to its log`);
  }
}

/** Cuts a stream into log lines. */
export class LineLog implements Output {
  readonly #level: LogRecord['level'];
  readonly #budget: LogBudget;
  /** The line that has not ended yet; its rest is dropped once it is full. */
  #partial: Uint8Array = EMPTY;
  #length = 0;
  #cut = false;

  constructor(level: LogRecord['level'], budget: LogBudget) {
    this.#level = level;
    this.#budget = budget;
  }

  write(piece: Uint8Array): Errno {
    let start = 0;
    while (start < piece.length && !this.#budget.spent) {
      const end = piece.indexOf(LINE_FEED, start);
      if (end < 0) {
        this.#keep(piece.subarray(start));
        break;
      }
      if (this.#length > 0) this.#keep(piece.subarray(start, end));
      if (this.#length > 0) this.flush();
      else this.#emit(piece.subarray(start, Math.min(end, start + MAX_LINE_BYTES)), end - start > MAX_LINE_BYTES);
      start = end + 1;
    }
    return ERRNO.success;
  }

  /** The last line need not end in a line feed. */
  flush(): void {
    if (this.#length === 0) return;
    this.#emit(this.#partial.subarray(0, this.#length), this.#cut);
    this.#length = 0;
    this.#cut = false;
  }

  #keep(bytes: Uint8Array): void {
    const count = Math.min(bytes.length, MAX_LINE_BYTES - this.#length);
    if (count < bytes.length) this.#cut = true;
    if (this.#length + count > this.#partial.length) {
      const grown = new Uint8Array(Math.min(MAX_LINE_BYTES, Math.max(256, (this.#length + count) * 2)));
      grown.set(this.#partial);
      this.#partial = grown;
    }
    this.#partial.set(count < bytes.length ? bytes.subarray(0, count) : bytes, this.#length);
    this.#length += count;
  }

  #emit(bytes: Uint8Array, cut: boolean): void {
    // A cut may fall into a character; the decoder shows that as U+FFFD.
    this.#budget.line(this.#level, cut ? `${decoder.decode(bytes)}…` : decoder.decode(bytes), bytes.length);
  }
}
