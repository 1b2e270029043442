/** The heads of one client's requests, whole or in pieces: found in what came, and understood. */
import { WeftError } from '../../model/errors.ts';
import { HeadMemo } from './head-memo.ts';
import type { IngressLimits } from './limits.ts';
import type { RequestParser } from './parser.ts';
import { PartialHead } from './partial-head.ts';
import { bad, CHUNKED, type RequestHead, readHead } from './request-head.ts';

/** What the readers of one thread share. */
export interface HeadReaderNeeds {
  readonly parser: RequestParser;
  readonly limits: IngressLimits;
}

const NOTHING = new Uint8Array(0);

export class HeadReader {
  readonly #needs: HeadReaderNeeds;
  readonly #partial = new PartialHead();
  readonly #memo = new HeadMemo();
  // Of the head that was read last.
  /** Hold it from `at` on: the input, or what gathered until it was whole. Then nothing else is read until that is forgotten. */
  bytes: Uint8Array = NOTHING;
  at = 0;
  /** Where in the input that follows which is behind it. */
  next = 0;
  /** Why there is none, and will be none: nothing that follows can be understood. */
  error: WeftError | null = null;

  constructor(needs: HeadReaderNeeds) {
    this.#needs = needs;
  }

  /** It has part of a head, if only a blank line before one. */
  get holds(): boolean {
    return this.#partial.length > 0;
  }

  /** Of a request, more than a blank line has come, and its end has not. */
  get begun(): boolean {
    return this.#partial.begun;
  }

  forget(): void {
    this.bytes = NOTHING;
    if (this.#partial.length > 0) this.#partial.forget();
  }

  /** The head that begins in `input` at `from`, or that goes on there. Null: there is an `error`, or all of the input belongs to it and more is to come. */
  read(input: Uint8Array, from: number): RequestHead | null {
    if (this.#partial.length > 0) return this.#goOn(input, from);
    const known = this.#memo.find(input, from);
    return known ? this.#found(known, input, from, from + known.end) : this.#begin(input, from);
  }

  #begin(input: Uint8Array, from: number): RequestHead | null {
    const { parser, limits } = this.#needs;
    const to = Math.min(input.length, from + limits.headBytes);
    const outcome = parser.parse(input, from, to);
    if (outcome === 'complete') return this.#understand(input, from, parser.end);
    if (outcome !== 'more' || to - from >= limits.headBytes) return this.#refuse(input, from, to, outcome);
    this.#partial.add(input, from, to, limits.headBytes);
    return this.#keep();
  }

  /** Adds to the partial head and parses it from its beginning. */
  #goOn(input: Uint8Array, from: number): RequestHead | null {
    const { parser, limits } = this.#needs;
    const before = this.#partial.length;
    this.#partial.add(input, from, Math.min(input.length, from + limits.headBytes - before), limits.headBytes);
    const { bytes } = this.#partial;
    const outcome = parser.parse(bytes, 0, bytes.length);
    if (outcome === 'complete') return this.#understand(bytes, 0, from + parser.end - before);
    return outcome !== 'more' || bytes.length >= limits.headBytes ? this.#refuse(bytes, 0, bytes.length, outcome) : this.#keep();
  }

  /** One blank line before a request is allowed (RFC 9112, section 2.2), not a stream of them. */
  #keep(): null {
    const { begun } = this.#needs.parser;
    this.#partial.begun = begun;
    if (!begun && this.#partial.length > 2) this.error = bad('blank lines instead of a request');
    return null;
  }

  /** The parser has completed a head that begins at `at`. */
  #understand(bytes: Uint8Array, at: number, next: number): RequestHead | null {
    const head = readHead(this.#needs.parser, bytes, at, this.#needs.limits);
    if (head instanceof WeftError) {
      this.error = head;
      return null;
    }
    // The parser itself must have read the head of a chunked body: it goes on with the chunks.
    if (head.bodyLength !== CHUNKED) this.#memo.keep(head, bytes, at);
    return this.#found(head, bytes, at, next);
  }

  #found(head: RequestHead, bytes: Uint8Array, at: number, next: number): RequestHead {
    this.bytes = bytes;
    this.at = at;
    this.next = next;
    return head;
  }

  #refuse(bytes: Uint8Array, from: number, to: number, outcome: 'more' | 'bad' | 'too-many-headers'): null {
    const { parser, limits } = this.#needs;
    const lineEnd = bytes.indexOf(0x0a, from);
    const reached = outcome === 'bad' ? parser.errorAt : to;
    const inLine = lineEnd < 0 || lineEnd >= reached;
    if (inLine && reached - from > limits.requestLineBytes)
      this.error = new WeftError('WEFT_TARGET_TOO_LONG', { bytes: limits.requestLineBytes });
    else if (outcome === 'bad') this.error = bad(parser.reason);
    else this.error = new WeftError('WEFT_HEADERS_TOO_LARGE', { bytes: limits.headBytes, headers: limits.headers });
    return null;
  }
}
