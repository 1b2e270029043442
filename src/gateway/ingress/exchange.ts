/** A request of one connection and the place of its answer, which goes out when those of the requests before it have. */
import type { Duplex } from 'node:stream';
import { WeftError } from '../../model/errors.ts';
import type { Exchange, Route, ToWebSocket } from '../../model/exchange.ts';
import { keepShape } from '../../model/lasting-shape.ts';
import { answerBound, chunkOf, type Framing, lastChunk, streamHead, type WholeAnswer, writeAnswer } from './framing.ts';
import type { Output } from './output.ts';
import type { RequestHead } from './request-head.ts';
import { viewOf } from './read-buffer.ts';
import type { ReceivedRequest } from './received-request.ts';
import { CLEAN, explainHead, HAS_DATE, HAS_LENGTH, ILLEGAL, inspectHead, withoutLength } from './response-head.ts';
import { HIGHEST_STATUS, LOWEST_STATUS, type StatusLines } from './status-lines.ts';

/** The connection, as an exchange sees it. */
export interface AnswerLine {
  readonly output: Output;
  readonly lines: StatusLines;
  readonly closed: boolean;
  readonly client: string | undefined;
  isTurnOf(exchange: HttpExchange): boolean;
  /** Nothing comes after this answer. */
  isLast(exchange: HttpExchange): boolean;
  finished(exchange: HttpExchange): void;
  /** A function set a response that cannot be sent. */
  badResponse(route: Route, error: WeftError): void;
  /** Cuts the connection off in the middle of an answer. */
  reset(): void;
  /** After that head, it carries what `server` and the client say to each other. */
  carry(head: Buffer, server: Duplex): void;
}

const NOTHING = new Uint8Array(0);
const JSON_HEAD = Buffer.from('Content-Type: application/json\r\n');
const SWITCHING_PROTOCOLS = 101;
const NOT_MODIFIED = 304;
const NO_CONTENT = 204;
const RESET_CONTENT = 205;

type State = 'waiting' | 'streaming' | 'ended';

export class HttpExchange implements Exchange {
  /** The request after this one on the same connection. */
  next: HttpExchange | null = null;
  /** False once it is known that the connection ends after this answer. */
  keepAlive: boolean;
  readonly request: RequestHead;
  readonly route: Route | null;
  body: Uint8Array;
  #bytes: Uint8Array;
  #at: number;
  onHungUp: (() => void) | null = null;
  readonly #line: AnswerLine;
  #gone = false;
  #state: State = 'waiting';
  /** The answer so far, while others must go out first. */
  #held: Buffer[] | null = null;
  #aborted = false;
  #streamChunked = false;
  #streamBody = false;
  #waiters: (() => void)[] | null = null;

  constructor(line: AnswerLine, received: ReceivedRequest, body: Uint8Array) {
    this.#line = line;
    this.request = received.head;
    this.route = received.route;
    this.body = body;
    this.#bytes = received.bytes;
    this.#at = received.at;
    this.keepAlive = received.head.keepAlive;
  }

  get head(): Uint8Array {
    const { start, end } = this.request;
    return viewOf(this.#bytes, this.#at + start, this.#at + end - 2); // without the blank line
  }

  /** Head and body were lent until the request was dispatched: whoever looks at them later fails, and sees nothing of another's. */
  takeBack(): void {
    this.#bytes = NOTHING;
    this.#at = 0;
    this.body = NOTHING;
  }

  get method(): string {
    return this.request.method;
  }

  get path(): string {
    const { target } = this.request;
    return target.kind === 'function' ? target.path : '';
  }

  get query(): string {
    const { target } = this.request;
    return target.kind === 'function' ? target.query : '';
  }

  get client(): string | undefined {
    return this.#line.client;
  }

  get toWebSocket(): ToWebSocket | undefined {
    return this.request.asksForWebSocket ? (head, server) => this.#toWebSocket(head, server) : undefined;
  }

  get closed(): boolean {
    return this.#gone || this.#line.closed;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  respond(status: number, head: Uint8Array, body: Uint8Array): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'ended';
    if (!this.closed) this.#answer(status, head, body);
    this.#line.finished(this);
  }

  refuse(error: WeftError): void {
    this.respond(error.entry.status, JSON_HEAD, errorBody(error));
  }

  begin(status: number, head: Uint8Array): void {
    if (this.#state !== 'waiting') return;
    const found = legal(status) ? inspectHead(head) : ILLEGAL;
    if (found === ILLEGAL) {
      this.#state = 'ended';
      if (!this.closed) this.#sendBad(reasonOf(status, head));
      this.#line.finished(this);
      return;
    }
    this.#state = 'streaming';
    // Close-delimited, when the client knows no chunks.
    if (this.request.http10) this.keepAlive = false;
    this.#streamBody = this.request.method !== 'HEAD' && status !== NO_CONTENT && status !== NOT_MODIFIED && status !== RESET_CONTENT;
    this.#streamChunked = this.#streamBody && !this.request.http10;
    const lines = (found & HAS_LENGTH) === 0 ? head : withoutLength(head).head;
    this.#send(
      streamHead(this.#line.lines, {
        status,
        head: lines,
        chunked: this.#streamChunked,
        ownDate: (found & HAS_DATE) !== 0,
        connection: this.#connection(),
      }),
    );
  }

  write(piece: Uint8Array): boolean {
    // An empty chunk would be the last one.
    if (this.#state === 'streaming' && this.#streamBody && piece.length > 0)
      this.#send(this.#streamChunked ? chunkOf(piece) : Buffer.from(piece));
    return this.#ready;
  }

  drained(): Promise<void> {
    if (this.#ready) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters ??= [];
      this.#waiters.push(resolve);
    });
  }

  end(): void {
    if (this.#state !== 'streaming') return;
    if (this.#streamChunked) this.#send(lastChunk());
    this.#state = 'ended';
    this.#line.finished(this);
  }

  abort(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#aborted = true;
    if (this.#line.isTurnOf(this)) this.#line.reset();
    else this.#line.finished(this);
  }

  /** The answers before this one are out. */
  takeTurn(): void {
    for (const bytes of this.#held ?? []) this.#line.output.send(bytes);
    this.#held = null;
    if (this.#aborted) this.#line.reset();
    this.wake();
  }

  /** The connection ends before this answer could go out. */
  hungUp(): void {
    this.#gone = true;
    this.wake();
    if (this.#state !== 'ended') this.onHungUp?.();
  }

  /** The client takes bytes again, or is gone. */
  wake(): void {
    if (!this.#waiters || !this.#ready) return;
    const waiters = this.#waiters;
    this.#waiters = null;
    for (const resolve of waiters) resolve();
  }

  /** True also when nobody listens any more, so that a writer comes to its end. */
  get #ready(): boolean {
    return this.closed || this.#state === 'ended' || (!this.#line.output.blocked && this.#line.isTurnOf(this));
  }

  #toWebSocket(given: Uint8Array, server: Duplex): void {
    const found = inspectHead(given);
    const wanted = this.#state === 'waiting' && !this.closed;
    if (!wanted || found === ILLEGAL) server.destroy();
    if (!wanted) return;
    this.#state = 'ended';
    if (found === ILLEGAL) {
      this.#sendBad(explainHead(given));
      this.#line.finished(this);
      return;
    }
    const head = (found & HAS_LENGTH) === 0 ? given : withoutLength(given).head;
    const ownDate = (found & HAS_DATE) !== 0;
    const { lines } = this.#line;
    this.#line.carry(streamHead(lines, { status: SWITCHING_PROTOCOLS, head, chunked: false, ownDate, connection: 'websocket' }), server);
  }

  #answer(status: number, head: Uint8Array, body: Uint8Array): void {
    const found = legal(status) ? inspectHead(head) : ILLEGAL;
    if (found === CLEAN) this.#sendWhole(status, head, body, false);
    else if (found === ILLEGAL) this.#sendBad(reasonOf(status, head));
    else if ((found & HAS_LENGTH) === 0) this.#sendWhole(status, head, body, true);
    else {
      const rest = withoutLength(head);
      const wrong = this.#omitsBody(status) ? undefined : rest.lengths.find((length) => length !== String(body.length));
      if (wrong !== undefined) this.#sendBad(`Content-Length is "${wrong}", the body has ${body.length} bytes`);
      else this.#sendWhole(status, rest.head, body, (found & HAS_DATE) !== 0);
    }
  }

  #omitsBody(status: number): boolean {
    return this.request.method === 'HEAD' || status === NO_CONTENT || status === NOT_MODIFIED;
  }

  #sendWhole(status: number, head: Uint8Array, given: Uint8Array, ownDate: boolean): void {
    const { output, lines } = this.#line;
    const body = status === RESET_CONTENT ? NOTHING : given;
    const answer: WholeAnswer = { status, head, body, ownDate, omitBody: this.#omitsBody(status), connection: this.#connection() };
    const bound = answerBound(head, body);
    const outbox = this.#line.isTurnOf(this) ? output.room(bound) : null;
    if (outbox) {
      outbox.length = writeAnswer(outbox.bytes, outbox.length, lines, answer);
      return;
    }
    const own = Buffer.allocUnsafeSlow(bound);
    this.#send(own.subarray(0, writeAnswer(own, 0, lines, answer)));
  }

  #sendBad(reason: string): void {
    const { route } = this;
    const error = new WeftError('WEFT_BAD_RESPONSE', { name: route?.name ?? '', reason });
    if (route) this.#line.badResponse(route, error);
    this.#sendWhole(error.entry.status, JSON_HEAD, errorBody(error), false);
  }

  #send(bytes: Buffer): void {
    if (this.closed) return;
    if (this.#line.isTurnOf(this)) this.#line.output.send(bytes);
    else {
      this.#held ??= [];
      this.#held.push(bytes);
    }
  }

  #connection(): Framing['connection'] {
    if (this.keepAlive && this.#line.isLast(this)) this.keepAlive = false;
    if (!this.keepAlive) return 'close';
    return this.request.http10 ? 'keep-alive' : null;
  }
}

function legal(status: number): boolean {
  return Number.isInteger(status) && status >= LOWEST_STATUS && status <= HIGHEST_STATUS;
}

function reasonOf(status: number, head: Uint8Array): string {
  return legal(status) ? explainHead(head) : `status ${status} is not one of ${LOWEST_STATUS}..${HIGHEST_STATUS}`;
}

function errorBody(error: WeftError): Buffer {
  return Buffer.from(`${JSON.stringify(error)}\n`);
}

keepShape(
  () => new HttpExchange({} as AnswerLine, { head: { keepAlive: true } as RequestHead, route: null, bytes: NOTHING, at: 0 }, NOTHING),
);
