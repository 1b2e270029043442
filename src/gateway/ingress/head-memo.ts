/**
 * A client that keeps its connection mostly sends the same head again. What the same bytes mean is known: comparing
 * costs a tenth of parsing, and needs no trust, as parsing depends on nothing but those bytes.
 */
import type { RequestHead } from './request-head.ts';

/** Larger heads are not worth their memory for each idle connection. */
const MAX_KEPT_BYTES = 2048;

export class HeadMemo {
  #head: RequestHead | null = null;
  #bytes: Uint8Array = new Uint8Array(0);

  /** Copied: what it came in is shared with others. */
  keep(head: RequestHead, bytes: Uint8Array, from: number): void {
    if (head.end > MAX_KEPT_BYTES) return;
    if (head.end > this.#bytes.length) this.#bytes = new Uint8Array(head.end);
    for (let at = 0; at < head.end; at += 1) this.#bytes[at] = bytes[from + at] ?? 0; // a view costs more than to copy so few
    this.#head = head;
  }

  /** The head kept, when `bytes` from `from` on begin with the very same one. */
  find(bytes: Uint8Array, from: number): RequestHead | null {
    const head = this.#head;
    if (head === null || bytes.length - from < head.end) return null;
    const known = this.#bytes;
    for (let at = 0; at < head.end; at += 1) if (bytes[from + at] !== known[at]) return null;
    return head;
  }
}
