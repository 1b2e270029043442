/**
 * A client that keeps its connection mostly sends the same head again. What the same bytes mean is known: comparing
 * costs a tenth of parsing, and needs no trust, as parsing depends on nothing but those bytes.
 */
import { LENT_WORDS, wordAt } from './read-buffer.ts';
import type { RequestHead } from './request-head.ts';

/** Larger heads are not worth their memory for each idle connection. */
const MAX_KEPT_BYTES = 2048;

export class HeadMemo {
  #head: RequestHead | null = null;
  #bytes = new Uint8Array(0);
  /** The same, four bytes at a time. */
  #words = new Int32Array(0);

  /** Copied: what it came in is shared with others. */
  keep(head: RequestHead, bytes: Uint8Array, from: number): void {
    if (head.end > MAX_KEPT_BYTES) return;
    if (head.end > this.#bytes.length) {
      this.#words = new Int32Array((head.end + 3) >> 2);
      this.#bytes = new Uint8Array(this.#words.buffer);
    }
    for (let at = 0; at < head.end; at += 1) this.#bytes[at] = bytes[from + at] ?? 0; // a view costs more than to copy so few
    this.#head = head;
  }

  /** The head kept, when `bytes` from `from` on begin with the very same one. */
  find(bytes: Uint8Array, from: number): RequestHead | null {
    const head = this.#head;
    if (head === null || bytes.length - from < head.end) return null;
    let at = this.#sameWords(bytes, from, head.end);
    if (at < 0) return null;
    const known = this.#bytes;
    for (; at < head.end; at += 1) if (bytes[from + at] !== known[at]) return null;
    return head;
  }

  /** How many bytes at the beginning were seen to be the same; -1: one is not. */
  #sameWords(bytes: Uint8Array, from: number, length: number): number {
    const first = wordAt(bytes, from);
    if (first < 0) return 0;
    const known = this.#words;
    const count = length >> 2;
    for (let i = 0; i < count; i += 1) if (LENT_WORDS[first + i] !== known[i]) return -1;
    return count << 2;
  }
}
