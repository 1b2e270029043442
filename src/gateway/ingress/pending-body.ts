/** A request body on its way in. Room grows with what has come, never with what was promised. */
import type { BodySink } from './parser.ts';

/** Memory that the half-received bodies of a thread may take together. */
export class Budget {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#free += bytes;
  }
}

const FIRST_BYTES = 1024;

export class PendingBody implements BodySink {
  length = 0;
  /** Why `append` said no. */
  refusal: 'too-large' | 'no-memory' | null = null;
  readonly #budget: Budget;
  readonly #maxBytes: number;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(budget: Budget, maxBytes: number) {
    this.#budget = budget;
    this.#maxBytes = maxBytes;
  }

  append(bytes: Uint8Array, from: number, to: number): boolean {
    const length = this.length + (to - from);
    if (length > this.#maxBytes) return this.#refuse('too-large');
    if (length > this.#bytes.length && !this.#grow(length)) return this.#refuse('no-memory');
    this.#bytes.set(bytes.subarray(from, to), this.length);
    this.length = length;
    return true;
  }

  /** The body so far; its memory is the caller's from here on. */
  take(): Buffer {
    const body = this.#bytes.subarray(0, this.length);
    this.close();
    return body;
  }

  close(): void {
    this.#budget.give(this.#bytes.length);
    this.#bytes = Buffer.alloc(0);
  }

  #grow(needed: number): boolean {
    const size = Math.min(this.#maxBytes, Math.max(needed, this.#bytes.length * 2, FIRST_BYTES));
    if (!this.#budget.take(size - this.#bytes.length)) return false;
    const bytes = Buffer.allocUnsafeSlow(size);
    bytes.set(this.#bytes.subarray(0, this.length));
    this.#bytes = bytes;
    return true;
  }

  #refuse(reason: 'too-large' | 'no-memory'): false {
    this.refusal = reason;
    return false;
  }
}
