/**
 * How one thread parses requests: llhttp decides what is a head and where chunks end; this notes offsets and copies nothing.
 * A head is always parsed whole: one that arrives in pieces is parsed again with each piece, so that an idle or slow
 * connection holds no parser. What that costs is bounded by `headBytes`.
 */
import { cString, instantiateLlhttp, type LlhttpExports, PAUSED, STOP, TYPE_REQUEST } from '../../drivers/http/llhttp.ts';

export type Outcome = 'complete' | 'more' | 'bad' | 'too-many-headers';

/** Bytes handed to llhttp at once. */
const WINDOW_BYTES = 64 * 1024;
const FIRST_LOOK_BYTES = 8 * 1024;

/** Header fields the ingress acts on; all others it only passes on. */
const NONE = 0;
const HOST = 1;
const EXPECT = 2;
const CONTENT_LENGTH = 3;
const TRANSFER_ENCODING = 4;
const UPGRADE = 5;

export interface BodySink {
  /** False refuses the piece, which ends the parsing. */
  append(bytes: Uint8Array, from: number, to: number): boolean;
}

export class RequestParser {
  // Facts of the last complete head; offsets are into the bytes that `parse` was given.
  method = '';
  urlStart = 0;
  urlEnd = 0;
  /** After the blank line. */
  end = 0;
  keepAlive = false;
  hosts = 0;
  hostStart = 0;
  hostEnd = 0;
  expectStart = 0;
  expectEnd = 0;
  lengthStart = 0;
  lengthEnd = 0;
  codings = 0;
  codingStart = 0;
  codingEnd = 0;
  upgrades = 0;
  upgradeStart = 0;
  upgradeEnd = 0;
  /** `Connection` names Upgrade, and there is one. */
  offersUpgrade = false;
  /** After 'more': whether there was more than blank lines. */
  begun = false;
  /** After 'bad': where, and why in llhttp's words. */
  errorAt = 0;
  reason = '';

  readonly #llhttp: LlhttpExports;
  readonly #methods: readonly string[];
  readonly #maxHeaders: number;
  readonly #free: number[] = [];
  readonly #window: number;
  #memory: Uint8Array;
  #parser: number;
  /** What stands in the window, so that pipelined requests of one chunk are copied there once. */
  #loaded: Uint8Array | null = null;
  #loadedFrom = 0;
  #loadedTo = 0;
  /** Offset in the bytes given = offset in llhttp's memory + this. */
  #shift = 0;
  #field = NONE;
  #headers = 0;
  #inHead = true;
  #sink: BodySink | null = null;
  #chunkBytes: Uint8Array | null = null;

  constructor(maxHeaders: number) {
    this.#maxHeaders = maxHeaders;
    this.#llhttp = instantiateLlhttp({
      wasm_on_message_begin: () => {
        this.begun = true;
        return 0;
      },
      wasm_on_url: (_parser, at, length) => {
        this.urlStart = at + this.#shift;
        this.urlEnd = this.urlStart + length;
        return 0;
      },
      wasm_on_status: () => 0,
      wasm_on_header_field: (_parser, at, length) => this.#onField(at, length),
      wasm_on_header_value: (_parser, at, length) => this.#onValue(at + this.#shift, length),
      wasm_on_headers_complete: (_parser, _status, upgrade, keepAlive) => {
        if (!this.#inHead) return 0;
        this.offersUpgrade = upgrade === 1;
        this.keepAlive = keepAlive === 1;
        return PAUSED;
      },
      wasm_on_body: (_parser, at, length) => this.#onBody(at + this.#shift, length),
      wasm_on_message_complete: () => PAUSED,
    });
    this.#window = this.#llhttp.malloc(WINDOW_BYTES);
    this.#parser = this.#allocate();
    this.#memory = new Uint8Array(this.#llhttp.memory.buffer);
    this.#methods = methodNames(this.#llhttp, this.#memory);
  }

  /** Looks for one request head in `bytes[from, to)`, at most 64 KiB. The bytes must not change while they are parsed from. */
  parse(bytes: Uint8Array, from: number, to: number): Outcome {
    // Most heads are short: a first look copies little, whatever body follows in the chunk.
    if (this.#loaded !== bytes || from < this.#loadedFrom || from >= this.#loadedTo)
      this.#load(bytes, from, Math.min(to, from + FIRST_LOOK_BYTES));
    let outcome = this.#parseLoaded(from, Math.min(to, this.#loadedTo));
    if (outcome === 'more' && to > this.#loadedTo) {
      this.#load(bytes, from, to);
      outcome = this.#parseLoaded(from, to);
    }
    return outcome;
  }

  /** What it was given the last time changes now. */
  forgetBytes(): void {
    this.#loaded = null;
  }

  #parseLoaded(from: number, to: number): Outcome {
    this.#forget();
    this.#llhttp.llhttp_reset(this.#parser);
    const status = this.#llhttp.llhttp_execute(this.#parser, from - this.#shift, to - from);
    if (status === PAUSED) {
      this.end = this.#llhttp.llhttp_get_error_pos(this.#parser) + this.#shift;
      this.method = this.#methods[this.#llhttp.llhttp_get_method(this.#parser)] ?? '';
      return 'complete';
    }
    if (status === 0) return 'more';
    if (this.#headers > this.#maxHeaders) return 'too-many-headers';
    this.#explain(this.#parser);
    return 'bad';
  }

  /** The parser of the head just completed goes on with its chunked body. */
  takeChunked(sink: BodySink): ChunkedBody {
    const parser = this.#parser;
    this.#parser = this.#free.pop() ?? this.#allocate();
    this.#llhttp.llhttp_resume(parser);
    return new ChunkedBody(this, parser, sink);
  }

  /** For ChunkedBody: parses on; gives the position after what was consumed, and whether the body is done (1), goes on (0) or is bad (-1). */
  feed(parser: number, sink: BodySink, bytes: Uint8Array, from: number, to: number): { at: number; done: 0 | 1 | -1 } {
    const end = Math.min(to, from + WINDOW_BYTES);
    this.#load(bytes, from, end);
    this.#inHead = false;
    this.#sink = sink;
    this.#chunkBytes = bytes;
    const status = this.#llhttp.llhttp_execute(parser, from - this.#shift, end - from);
    this.#inHead = true;
    this.#sink = null;
    this.#chunkBytes = null;
    if (status === 0) return { at: end, done: 0 };
    if (status === PAUSED) return { at: this.#llhttp.llhttp_get_error_pos(parser) + this.#shift, done: 1 };
    this.#explain(parser);
    return { at: end, done: -1 };
  }

  /** Of a request whose body is done. */
  keepsAlive(parser: number): boolean {
    return this.#llhttp.llhttp_should_keep_alive(parser) === 1;
  }

  release(parser: number): void {
    this.#free.push(parser);
  }

  #onField(at: number, length: number): number {
    this.#field = NONE;
    if (!this.#inHead) return 0;
    if (++this.#headers > this.#maxHeaders) return STOP;
    if (length === 4) this.#field = this.#is(at, 'host') ? HOST : NONE;
    else if (length === 6) this.#field = this.#is(at, 'expect') ? EXPECT : NONE;
    else if (length === 7) this.#field = this.#is(at, 'upgrade') ? UPGRADE : NONE;
    else if (length === 14) this.#field = this.#is(at, 'content-length') ? CONTENT_LENGTH : NONE;
    else if (length === 17) this.#field = this.#is(at, 'transfer-encoding') ? TRANSFER_ENCODING : NONE;
    return 0;
  }

  #onValue(start: number, length: number): number {
    switch (this.#field) {
      case HOST:
        this.hosts += 1;
        this.hostStart = start;
        this.hostEnd = start + length;
        break;
      case EXPECT:
        this.expectStart = start;
        this.expectEnd = start + length;
        break;
      case CONTENT_LENGTH:
        this.lengthStart = start;
        this.lengthEnd = start + length;
        break;
      case TRANSFER_ENCODING:
        this.codings += 1;
        this.codingStart = start;
        this.codingEnd = start + length;
        break;
      case UPGRADE:
        this.upgrades += 1;
        this.upgradeStart = start;
        this.upgradeEnd = start + length;
        break;
    }
    return 0;
  }

  #onBody(start: number, length: number): number {
    if (!this.#sink || !this.#chunkBytes) return STOP;
    return this.#sink.append(this.#chunkBytes, start, start + length) ? 0 : STOP;
  }

  #forget(): void {
    this.hosts = 0;
    this.expectStart = 0;
    this.lengthStart = 0;
    this.codings = 0;
    this.upgrades = 0;
    this.begun = false;
    this.urlStart = 0;
    this.#headers = 0;
    this.#field = NONE;
  }

  #load(bytes: Uint8Array, from: number, to: number): void {
    this.#memory.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.#window);
    this.#loaded = bytes;
    this.#loadedFrom = from;
    this.#loadedTo = to;
    this.#shift = from - this.#window;
  }

  /** `word` is in lower case; the name at `at` is as long. */
  #is(at: number, word: string): boolean {
    for (let i = 0; i < word.length; i += 1) {
      if (((this.#memory[at + i] ?? 0) | 0x20) !== word.charCodeAt(i)) return false;
    }
    return true;
  }

  #allocate(): number {
    const parser = this.#llhttp.llhttp_alloc(TYPE_REQUEST);
    if (parser === 0) throw new RangeError('llhttp has no memory for another parser');
    // An allocation may have grown the memory, which detaches the view.
    this.#memory = new Uint8Array(this.#llhttp.memory.buffer);
    this.#loaded = null;
    return parser;
  }

  #explain(parser: number): void {
    this.errorAt = this.#llhttp.llhttp_get_error_pos(parser) + this.#shift;
    this.reason = cString(this.#memory, this.#llhttp.llhttp_get_error_reason(parser));
  }
}

/** A chunked body on its way in. Must be closed, so that its parser can serve another. */
export class ChunkedBody {
  done = false;
  bad = false;
  /** Set when it is done. "Connection: close" among the trailers has no meaning of its own (RFC 9110, section 6.5.1), but others may heed it. */
  keepAlive = true;
  /** Bytes of the body's framing and payload so far. */
  raw = 0;
  readonly #owner: RequestParser;
  readonly #sink: BodySink;
  #parser: number;

  constructor(owner: RequestParser, parser: number, sink: BodySink) {
    this.#owner = owner;
    this.#parser = parser;
    this.#sink = sink;
  }

  /** Consumes from `bytes[from, to)`; gives the position after what it took. */
  feed(bytes: Uint8Array, from: number, to: number): number {
    const { at, done } = this.#owner.feed(this.#parser, this.#sink, bytes, from, to);
    this.raw += at - from;
    this.done = done === 1;
    if (this.done) this.keepAlive = this.#owner.keepsAlive(this.#parser);
    this.bad = done === -1;
    return at;
  }

  close(): void {
    if (this.#parser === 0) return;
    this.#owner.release(this.#parser);
    this.#parser = 0;
  }
}

function methodNames(llhttp: LlhttpExports, memory: Uint8Array): string[] {
  const names: string[] = [];
  for (let method = 0; method <= LAST_METHOD; method += 1) names.push(cString(memory, llhttp.llhttp_method_name(method)));
  return names;
}

/** llhttp's number of QUERY; asking it for the name of a higher one aborts it. */
const LAST_METHOD = 46;
