/**
 * Answers of HTTP servers: llhttp decides what is a head, where a body ends, and what is malformed; this notes what one read brought.
 * A parser belongs to a connection. All of a thread run in one llhttp, one after the other, and nothing of ours that can throw runs inside of it.
 */
import type { WireReply, WireRequest } from '../wire.ts';
import { cString, instantiateLlhttp, type LlhttpExports, PAUSED, STOP, TYPE_RESPONSE } from './llhttp.ts';
import type { ReplyMemo } from './reply-memo.ts';

/** Bytes that `feed` takes at once. */
export const WINDOW_BYTES = 64 * 1024;

export interface HeadLimits {
  readonly headBytes: number;
  readonly headers: number;
}

const CONTINUE = 0;
/** What `wasm_on_headers_complete` returns for an answer that has no body, whatever its head says. */
const SKIP_BODY = 1;
const SWITCHING_PROTOCOLS = 101;
const FIRST_FINAL_STATUS = 200;
const NOTHING = new Uint8Array(0);

export class ResponseParser {
  /** Of the last `feed`: the head, when it became whole; bytes of the body, lent like what was fed; after a switch, all behind the head. */
  head: WireReply | undefined;
  piece: Uint8Array = NOTHING;
  /** The answer is whole. */
  complete = false;
  /** The server goes on in another protocol, as it was offered. */
  switched = false;
  /** What is malformed; the connection is of no use any more. */
  problem: string | undefined;
  /** Whether the connection can be used again, once the answer is whole. */
  keepAlive = false;
  /** Something of an answer was read. */
  begun = false;

  readonly #llhttp: SharedLlhttp;
  readonly #limits: HeadLimits;
  readonly #memo: ReplyMemo;
  readonly #parser: number;
  /** Where pieces of the body are in what was fed: start, end, start, end… */
  readonly #spans: number[] = [];
  #headers: [string, string][] = [];
  #name = '';
  #value = '';
  #inValue = false;
  #headBytes = 0;
  #inHead = true;
  #toHead = false;
  #maySwitch = false;

  /** `memo`: shared by all connections to the server. */
  constructor(llhttp: SharedLlhttp, limits: HeadLimits, memo: ReplyMemo) {
    this.#llhttp = llhttp;
    this.#limits = limits;
    this.#memo = memo;
    this.#parser = llhttp.allocate();
  }

  /** Before each answer. */
  expect({ method, asksForWebSocket = false }: Pick<WireRequest, 'method' | 'asksForWebSocket'>): void {
    this.#llhttp.exports.llhttp_reset(this.#parser);
    this.#toHead = method === 'HEAD';
    this.#maySwitch = asksForWebSocket;
    this.#forgetHead();
    this.#forgetFeed();
    this.complete = false;
    this.begun = false;
  }

  /** Takes at most WINDOW_BYTES. */
  feed(bytes: Uint8Array): void {
    this.#forgetFeed();
    const first = !this.begun;
    if (first && !this.#toHead && this.#recall(bytes)) return;
    this.begun = true;
    const { status, consumed } = this.#llhttp.run(this, this.#parser, bytes);
    this.piece = this.#gather(bytes);
    if (status === PAUSED && this.switched) this.piece = bytes.subarray(consumed);
    else if (status === PAUSED && this.complete) {
      // More than was asked for: whoever sends that cannot be trusted with the next request.
      if (consumed < bytes.length) this.keepAlive = false;
      else if (first && this.head && this.keepAlive && !this.#toHead) this.#remember(this.head, bytes);
    } else if (status !== CONTINUE) this.problem ??= this.#llhttp.reason(this.#parser);
  }

  /** Whether it is the answer that came last, but for its body. */
  #recall(bytes: Uint8Array): boolean {
    const end = this.#memo.find(bytes);
    if (end < 0) return false;
    this.begun = true;
    this.#inHead = false;
    this.head = this.#memo.reply;
    this.piece = new Uint8Array(bytes.buffer, bytes.byteOffset + end, bytes.length - end);
    this.complete = true;
    this.keepAlive = true;
    return true;
  }

  /** When head and body came together, and nothing but the head says where the body ends. */
  #remember(reply: WireReply, bytes: Uint8Array): void {
    const [start, end] = this.#spans;
    if (start === undefined) this.#memo.keep(reply, bytes, bytes.length);
    else if (this.#spans.length === 2 && end === bytes.length) this.#memo.keep(reply, bytes, start);
  }

  /** The server closed its side: some answers end with that. */
  finish(): void {
    this.#forgetFeed();
    this.keepAlive = false;
    this.#llhttp.finish(this, this.#parser);
  }

  close(): void {
    this.#llhttp.exports.llhttp_free(this.#parser);
  }

  onText(length: number): number {
    this.#headBytes += length;
    if (this.#headBytes <= this.#limits.headBytes) return CONTINUE;
    this.problem = `its head has more than ${this.#limits.headBytes} bytes`;
    return STOP;
  }

  onField(at: number, length: number): number {
    // Trailers are read and dropped: nobody was told of them.
    if (!this.#inHead) return this.onText(length);
    if (this.#inValue) this.#endHeader();
    this.#name += this.#llhttp.text(at, length);
    return this.onText(length);
  }

  onValue(at: number, length: number): number {
    if (!this.#inHead) return this.onText(length);
    this.#inValue = true;
    this.#value += this.#llhttp.text(at, length);
    return this.onText(length);
  }

  onHead(status: number, upgrade: boolean, keepAlive: boolean): number {
    if (this.#inValue) this.#endHeader();
    if (this.#headers.length > this.#limits.headers) {
      this.problem = `it has more than ${this.#limits.headers} headers`;
      return STOP;
    }
    if (status === SWITCHING_PROTOCOLS) return this.#onSwitch(upgrade);
    if (status < FIRST_FINAL_STATUS) return CONTINUE;
    this.#inHead = false;
    this.keepAlive = keepAlive;
    const told = this.#headers.findLast(([name]) => name.toLowerCase() === 'content-length')?.[1];
    this.head = { status, headers: this.#headers, bodyBytes: told === undefined ? undefined : Number(told) };
    return this.#toHead ? SKIP_BODY : CONTINUE;
  }

  #onSwitch(upgrade: boolean): number {
    const to = this.#headers.find(([name]) => name.toLowerCase() === 'upgrade')?.[1];
    if (!this.#maySwitch || !upgrade || to?.toLowerCase() !== 'websocket') {
      this.problem = 'it switches to another protocol, which nobody asked for';
      return STOP;
    }
    this.switched = true;
    this.head = { status: SWITCHING_PROTOCOLS, headers: this.#headers };
    return PAUSED;
  }

  onBody(start: number, end: number): number {
    this.#spans.push(start, end);
    return CONTINUE;
  }

  onComplete(): number {
    if (this.#inHead) {
      // An interim answer (1xx): the real one follows.
      this.#forgetHead();
      return CONTINUE;
    }
    this.complete = true;
    return PAUSED;
  }

  #endHeader(): void {
    this.#headers.push([this.#name, withoutTrailingBlanks(this.#value)]);
    this.#name = '';
    this.#value = '';
    this.#inValue = false;
  }

  #forgetHead(): void {
    this.#headers = [];
    this.#name = '';
    this.#value = '';
    this.#inValue = false;
    this.#headBytes = 0;
    this.#inHead = true;
  }

  #forgetFeed(): void {
    this.head = undefined;
    this.piece = NOTHING;
    this.problem = undefined;
    this.#spans.length = 0;
  }

  /** One piece, so that an answer in many small chunks costs its reader no more than any other. */
  #gather(bytes: Uint8Array): Uint8Array {
    const [start, end] = this.#spans;
    if (start === undefined) return NOTHING;
    if (this.#spans.length === 2) return bytes.subarray(start, end);
    const pieces: Uint8Array[] = [];
    for (let i = 0; i < this.#spans.length; i += 2) pieces.push(bytes.subarray(this.#spans[i], this.#spans[i + 1]));
    return Buffer.concat(pieces);
  }
}

/** llhttp leaves them; they are not part of the value (RFC 9110, section 5.5). */
function withoutTrailingBlanks(value: string): string {
  let end = value.length;
  while (end > 0 && (value[end - 1] === ' ' || value[end - 1] === '\t')) end -= 1;
  return end === value.length ? value : value.slice(0, end);
}

/** One llhttp for all parsers of a thread: they never run at the same time. */
export class SharedLlhttp {
  readonly exports: LlhttpExports;
  readonly #window: number;
  #memory: Buffer;
  #running: ResponseParser | undefined;

  constructor() {
    const running = (): ResponseParser => {
      if (!this.#running) throw new TypeError('llhttp calls back while nobody parses');
      return this.#running;
    };
    this.exports = instantiateLlhttp({
      wasm_on_message_begin: () => CONTINUE,
      wasm_on_url: () => CONTINUE,
      wasm_on_status: (_parser, _at, length) => running().onText(length),
      wasm_on_header_field: (_parser, at, length) => running().onField(at, length),
      wasm_on_header_value: (_parser, at, length) => running().onValue(at, length),
      wasm_on_headers_complete: (_parser, status, upgrade, keepAlive) => running().onHead(status, upgrade === 1, keepAlive === 1),
      wasm_on_body: (_parser, at, length) => running().onBody(at - this.#window, at - this.#window + length),
      wasm_on_message_complete: () => running().onComplete(),
    });
    this.#window = this.exports.malloc(WINDOW_BYTES);
    this.#memory = Buffer.from(this.exports.memory.buffer);
  }

  allocate(): number {
    const parser = this.exports.llhttp_alloc(TYPE_RESPONSE);
    if (parser === 0) throw new RangeError('llhttp has no memory for another parser');
    // An allocation may have grown the memory, which detaches the view.
    if (this.#memory.length === 0) this.#memory = Buffer.from(this.exports.memory.buffer);
    return parser;
  }

  run(owner: ResponseParser, parser: number, bytes: Uint8Array): { status: number; consumed: number } {
    this.#memory.set(bytes, this.#window);
    this.#running = owner;
    const status = this.exports.llhttp_execute(parser, this.#window, bytes.length);
    this.#running = undefined;
    return { status, consumed: status === CONTINUE ? bytes.length : this.exports.llhttp_get_error_pos(parser) - this.#window };
  }

  finish(owner: ResponseParser, parser: number): void {
    this.#running = owner;
    this.exports.llhttp_finish(parser);
    this.#running = undefined;
  }

  text(at: number, length: number): string {
    return this.#memory.toString('latin1', at, at + length);
  }

  reason(parser: number): string {
    return cString(this.#memory, this.exports.llhttp_get_error_reason(parser)) || 'it is no HTTP/1.1';
  }
}

let shared: SharedLlhttp | undefined;

/** This thread's. */
export function sharedLlhttp(): SharedLlhttp {
  shared ??= new SharedLlhttp();
  return shared;
}
