/**
 * A client that keeps its connection mostly sends the same head again. What the same bytes mean is known: comparing
 * costs a tenth of parsing, and needs no trust, as parsing depends on nothing but those bytes.
 */
import type { RequestHead } from './request-head.ts';

/** The chunk that a head came in is kept with it; larger ones are not worth their memory for each idle connection. */
const MAX_KEPT_BYTES = 2048;

export class HeadMemo {
  #head: RequestHead | null = null;
  #bytes: Uint8Array = new Uint8Array(0);
  #from = 0;

  keep(head: RequestHead, bytes: Uint8Array, from: number): void {
    if (bytes.length > MAX_KEPT_BYTES) return;
    this.#head = head;
    this.#bytes = bytes;
    this.#from = from;
  }

  /** The head kept, when `bytes` from `from` on begin with the very same one. */
  find(bytes: Uint8Array, from: number): RequestHead | null {
    const head = this.#head;
    if (head === null || bytes.length - from < head.end) return null;
    const known = this.#bytes;
    const offset = this.#from - from;
    const end = from + head.end;
    for (let at = from; at < end; at += 1) if (bytes[at] !== known[at + offset]) return null;
    return head;
  }
}
