/** A request whose body is on its way in, and what of the body is here. Must be taken or closed. */
import { WeftError } from '../../model/errors.ts';
import type { Hub } from './hub.ts';
import type { ChunkedBody } from './parser.ts';
import { PendingBody } from './pending-body.ts';
import type { ReceivedRequest } from './received-request.ts';
import { bad, CHUNKED } from './request-head.ts';

/** Framing of a chunked body: so much for nothing, and so much for each byte of payload. */
const CHUNK_OVERHEAD_BYTES = 16 * 1024;
const CHUNK_OVERHEAD_FACTOR = 16;

export class ArrivingBody {
  done = false;
  /** Why no more of it is taken. */
  error: WeftError | undefined;
  readonly #request: ReceivedRequest;
  readonly #maxBytes: number;
  readonly #hub: Pick<Hub, 'parser' | 'pendingBodies'>;
  readonly #pending: PendingBody;
  readonly #chunked: ChunkedBody | undefined;

  /** `request` is its own. The parser has just read its head when the body is chunked, and goes on with the chunks. */
  constructor(request: ReceivedRequest, maxBytes: number, hub: Pick<Hub, 'parser' | 'pendingBodies'>) {
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#hub = hub;
    this.#pending = new PendingBody(hub.pendingBodies, maxBytes);
    if (request.head.bodyLength === CHUNKED) this.#chunked = hub.parser.takeChunked(this.#pending);
  }

  /** Bytes of payload so far. */
  get length(): number {
    return this.#pending.length;
  }

  /** Takes what belongs to it of `input` from `at` on. @returns where the rest begins */
  feed(input: Uint8Array, at: number): number {
    const to = this.#chunked ? this.#feedChunks(this.#chunked, input, at) : this.#feedLength(input, at);
    const { refusal } = this.#pending;
    if (refusal === 'too-large') this.error = new WeftError('WEFT_REQUEST_TOO_LARGE', { bytes: this.#maxBytes });
    else if (refusal === 'no-memory')
      this.error = new WeftError('WEFT_BUSY', { reason: 'the request bodies on their way in fill the memory set aside for them' });
    return to;
  }

  #feedLength(input: Uint8Array, at: number): number {
    const { bodyLength } = this.#request.head;
    const to = Math.min(input.length, at + bodyLength - this.#pending.length);
    this.done = this.#pending.append(input, at, to) && this.#pending.length === bodyLength;
    return to;
  }

  #feedChunks(chunked: ChunkedBody, input: Uint8Array, at: number): number {
    const to = chunked.feed(input, at, input.length);
    if (chunked.bad) this.error = bad(this.#hub.parser.reason);
    else if (chunked.raw - this.length > CHUNK_OVERHEAD_BYTES + CHUNK_OVERHEAD_FACTOR * this.length)
      this.error = bad('a chunked body of mostly framing');
    else this.done = chunked.done;
    return to;
  }

  /** The request, and its whole body; both are the caller's from here on. */
  take(): { request: ReceivedRequest; body: Uint8Array } {
    const request = this.#request;
    const closes = this.#chunked?.keepAlive === false;
    const body = this.#pending.take();
    this.close();
    return { request: closes ? { ...request, head: { ...request.head, keepAlive: false } } : request, body };
  }

  close(): void {
    this.#chunked?.close();
    this.#pending.close();
  }
}
