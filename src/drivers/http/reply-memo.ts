/**
 * A server mostly answers with the head that it answered with before. What the same bytes mean is known: comparing costs a tenth of
 * parsing, and needs no trust, as parsing depends on nothing but those bytes.
 */
import type { WireReply } from '../wire.ts';

/** Longer heads are not worth their memory. */
const MAX_KEPT_BYTES = 2048;

export class ReplyMemo {
  /** Set, with its bytes, by `keep`. */
  reply: WireReply | undefined;
  readonly #head = new Uint8Array(MAX_KEPT_BYTES);
  #headBytes = 0;
  #bodyBytes = 0;

  /** `bytes` were one whole answer after which the connection goes on: its head, and from `end` to their end its body. */
  keep(reply: WireReply, bytes: Uint8Array, end: number): void {
    if (end > MAX_KEPT_BYTES) return;
    this.reply = reply;
    for (let at = 0; at < end; at += 1) this.#head[at] = bytes[at] ?? 0; // a view of so few bytes costs more than to copy them
    this.#headBytes = end;
    this.#bodyBytes = bytes.length - end;
  }

  /** Whether `bytes` are one whole answer that begins with the very same head. Where its body begins; -1: they are not. */
  find(bytes: Uint8Array): number {
    const head = this.#head;
    const end = this.#headBytes;
    if (this.reply === undefined || bytes.length !== end + this.#bodyBytes) return -1;
    for (let at = 0; at < end; at += 1) if (bytes[at] !== head[at]) return -1;
    return end;
  }
}
