/**
 * One client's connection: bytes in, requests to the dispatcher in order, answers out in order.
 * `#run` is the heart: it takes one step after another until there is nothing to read or something must be waited for.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { copyOf } from '../../model/bytes.ts';
import { WeftError } from '../../model/errors.ts';
import type { Route } from '../../model/exchange.ts';
import { FirstOnes } from '../../model/lasting-shape.ts';
import { adopt } from './adopt.ts';
import { AnswerQueue } from './answer-queue.ts';
import type { Reader } from './arrivals.ts';
import { ArrivingBody } from './arriving-body.ts';
import { controlRequest, ExchangeClient } from './control-client.ts';
import { type AnswerLine, HttpExchange } from './exchange.ts';
import { HeadReader } from './head-reader.ts';
import type { Hub } from './hub.ts';
import { Output } from './output.ts';
import { viewOf } from './read-buffer.ts';
import { ownRequest, type ReceivedRequest, UNKNOWN_REQUEST } from './received-request.ts';
import { bad, CHUNKED, type RequestHead } from './request-head.ts';
import type { StatusLines } from './status-lines.ts';
import { Tunnel } from './tunnel.ts';

/**
 * head: between requests, or in a head. continue: a client waits for "100 Continue", and that for the answers before it.
 * body: in a body. offer: what comes is HTTP or a WebSocket's, which its function decides. tunnel: it is a WebSocket's. over: whatever comes is thrown away; the last answer is on its way or out.
 */
type Phase = 'head' | 'continue' | 'body' | 'offer' | 'tunnel' | 'over';

const NOTHING = new Uint8Array(0);
const firstOnes = new FirstOnes();
const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

export class Connection implements AnswerLine, Reader {
  readonly output: Output;
  closed = false;
  readonly #hub: Hub;
  readonly #socket: Socket;
  #phase: Phase = 'head';
  /** When the phase began or, in `head`, when the request's first byte came or the last answer left. */
  #since: number;
  #input: Uint8Array | null = null;
  #at = 0;
  readonly #heads: HeadReader;
  #arriving: ArrivingBody | null = null;
  /** Complete, but must wait for those before it. */
  #waiting: HttpExchange | null = null;
  readonly #answers = new AnswerQueue();
  #tunnel: Tunnel | null = null;
  #running = false;
  #paused = false;
  #inputEnded = false;
  #outputEnded = false;
  #discarded = 0;

  /** `accepted` is paused. */
  constructor(hub: Hub, accepted: Socket) {
    this.#hub = hub;
    this.#heads = new HeadReader(hub);
    const socket = adopt(accepted, (bytes) => {
      if (this.#phase !== 'head' || !hub.arrivals.gather(this, bytes)) this.received(bytes);
    });
    this.#socket = socket;
    this.#since = hub.now();
    this.output = new Output(socket, hub.outbox, hub.now);
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#left());
    // What broke does not matter to anyone; `close` follows.
    socket.on('error', () => {});
    firstOnes.hold(this);
  }

  get lines(): StatusLines {
    return this.#hub.lines;
  }

  isTurnOf(exchange: HttpExchange): boolean {
    return this.#answers.first === exchange;
  }

  isLast(exchange: HttpExchange): boolean {
    if (exchange.next !== null || this.#waiting !== null || this.#input !== null || this.#arriving !== null) return false;
    return this.#hub.draining || (this.#inputEnded && !this.#heads.holds);
  }

  /** Asked of the system once, and only where somebody wants to know. */
  get client(): string | undefined {
    return this.#socket.remoteAddress;
  }

  badResponse(route: Route, error: WeftError): void {
    this.#hub.badResponse(route, error);
  }

  reset(): void {
    // A plain close would look like the end of an answer that is delimited by it. A local socket knows no reset.
    if (this.#hub.resets) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
    this.#left();
  }

  carry(head: Buffer, server: Duplex): void {
    const input = this.#input;
    this.output.send(head);
    this.output.release();
    this.#answers.takeEnded();
    this.#phase = 'tunnel';
    this.#input = null;
    this.#tunnel = new Tunnel(this.#socket, server, this.#hub.now, {
      paused: (paused) => this.#setPaused(paused),
      ended: () => this.#endOutput(),
    });
    if (input) this.#tunnel.toServer(input.subarray(this.#at));
    if (this.#inputEnded) this.#tunnel.clientEnded();
    this.#setPaused(false);
    if (this.#hub.draining) this.drain();
  }

  /** No new requests: idle connections and WebSockets, which know no end, end now, others after what is under way. */
  drain(): void {
    this.#tunnel?.destroy();
    if (this.#answers.first === null && this.#phase === 'head' && !this.#heads.holds && this.#input === null) this.#endOutput();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#left();
  }

  finished(exchange: HttpExchange): void {
    const answers = this.#answers;
    if (answers.first !== exchange) return;
    if (!answers.takeEnded()) return this.#endOutput();
    if (this.closed) return;
    if (this.#phase === 'offer' && exchange.request.asksForWebSocket) this.#phase = 'head';
    if (answers.first === null) {
      if (!this.#heads.begun && this.#arriving === null) this.#since = this.#hub.now();
      if (this.#input === null) this.output.flushIfAlone(this.#running);
    }
    if (this.#running) return;
    if (this.#waiting !== null || this.#input !== null || this.#inputEnded || this.#phase === 'continue') this.#run();
    else this.output.flushSoon();
  }

  /** Looks whether the client has run out of time. */
  sweep(now: number): void {
    const { limits } = this.#hub;
    const waited = now - this.#since;
    if (this.#phase === 'tunnel') {
      if ((this.#tunnel?.waitedMs ?? 0) > limits.writeMs) this.#cutOff();
    } else if (this.output.blocked) {
      if (now - this.output.blockedSince > limits.writeMs) this.#cutOff();
    } else if (this.#outputEnded) {
      if (waited > limits.lingerMs) this.destroy();
    } else if (this.#phase === 'body') {
      const allowed = limits.bodyMs + ((this.#arriving?.length ?? 0) * 1000) / limits.bodyBytesPerSecond;
      if (waited > allowed && this.#waiting === null) this.#refuse(new WeftError('WEFT_REQUEST_TIMEOUT', { ms: Math.round(allowed) }));
    } else if (this.#phase === 'head' && this.#heads.begun && this.#waiting === null) {
      if (waited > limits.headMs) this.#refuse(new WeftError('WEFT_REQUEST_TIMEOUT', { ms: limits.headMs }));
    } else if (this.#phase === 'head' && this.#answers.first === null && waited > limits.idleMs) this.#endOutput();
  }

  received(lent: Uint8Array): void {
    if (this.closed) return;
    if (this.#phase === 'tunnel') return this.#setPaused(this.#tunnel?.toServer(lent) === false);
    if (this.#phase === 'over') return this.#discard(lent.length);
    this.#hub.parser.forgetBytes();
    // Read again before it could be paused: in a turn with very many clients.
    const input = this.#input === null ? lent : Buffer.concat([this.#input.subarray(this.#at), lent]);
    this.#input = input;
    this.#at = 0;
    this.#run();
    if (this.#input === lent) this.#input = copyOf(lent);
  }

  #ended(): void {
    this.#hub.arrivals.deliver();
    this.#inputEnded = true;
    if (this.#phase === 'tunnel') this.#tunnel?.clientEnded();
    else this.#run();
  }

  #drained(): void {
    this.output.drained();
    if (this.output.blocked) return;
    this.#answers.first?.wake();
    this.#run();
  }

  #left(): void {
    if (this.closed) return;
    this.closed = true;
    this.#phase = 'over';
    this.#input = null;
    this.#forgetBody();
    this.#tunnel?.destroy();
    this.output.drop();
    this.#waiting = null;
    this.#answers.giveUp();
    this.#hub.left(this);
  }

  #run(): void {
    if (this.#running || this.closed) return;
    this.#running = true;
    while (this.#step()) {
      // each step does what there is to do
    }
    this.#running = false;
    if (this.closed || this.#phase === 'tunnel') return;
    if (this.#inputEnded && this.#phase !== 'over') this.#endOfInput();
    this.output.flushSoon();
    this.#setPaused(this.#phase !== 'over' && (this.#input !== null || this.#waiting !== null || this.#phase === 'continue'));
  }

  /** False: nothing more can be done now. */
  #step(): boolean {
    if (this.#waiting) return this.#startWaiting(this.#waiting);
    if (this.#phase === 'continue') return this.#sendContinue();
    if (this.#input === null || this.output.blocked) return false;
    switch (this.#phase) {
      case 'head':
        return this.#readHead(this.#input);
      case 'body':
        return this.#readBody(this.#input);
      case 'offer':
      case 'tunnel':
        return false;
      case 'over':
        this.#input = null;
        return false;
    }
  }

  #readHead(input: Uint8Array): boolean {
    const heads = this.#heads;
    const { begun } = heads;
    const head = heads.read(input, this.#at);
    if (head !== null) {
      const { bytes, at } = heads;
      heads.forget(); // they are the request's from here on
      this.#consume(input, heads.next);
      this.#startRequest(head, bytes, at);
      return true;
    }
    this.#input = null;
    if (heads.begun && !begun) this.#since = this.#hub.now();
    if (heads.error === null) return false;
    this.#refuse(heads.error);
    return true;
  }

  #startRequest(head: RequestHead, bytes: Uint8Array, at: number): void {
    const { dispatcher, limits, metrics } = this.#hub;
    const { target } = head;
    metrics.requests += 1;
    const route = target.kind === 'function' ? dispatcher.route(target.name) : null;
    const request: ReceivedRequest = { head, bytes, at, route: route ?? null };
    if (route === undefined)
      return this.#refuseRequest(
        request,
        new WeftError('WEFT_FUNCTION_NOT_FOUND', { name: target.kind === 'function' ? target.name : '' }),
      );
    const maxBytes = route === null ? limits.controlBodyBytes : route.maxRequestBytes;
    if (head.bodyLength > maxBytes) this.#refuseRequest(request, new WeftError('WEFT_REQUEST_TOO_LARGE', { bytes: maxBytes }));
    else this.#startBody(request, maxBytes);
  }

  #startBody(request: ReceivedRequest, maxBytes: number): void {
    const { bodyLength, expectsContinue } = request.head;
    const input = this.#input;
    const available = input ? input.length - this.#at : 0;
    if (bodyLength === 0) return this.#complete(request, NOTHING, 'lent');
    if (input && bodyLength !== CHUNKED && available >= bodyLength) {
      const body = viewOf(input, this.#at, this.#at + bodyLength);
      this.#consume(input, this.#at + bodyLength);
      return this.#complete(request, body, 'lent');
    }
    this.#arriving = new ArrivingBody(ownRequest(request), maxBytes, this.#hub);
    this.#since = this.#hub.now();
    // A client that already sends its body waits for nothing.
    this.#phase = expectsContinue && available === 0 ? 'continue' : 'body';
  }

  #sendContinue(): boolean {
    if (this.#answers.first !== null || this.output.blocked) return false;
    this.output.send(CONTINUE);
    this.#since = this.#hub.now();
    this.#phase = 'body';
    return true;
  }

  #readBody(input: Uint8Array): boolean {
    const arriving = this.#arriving;
    if (!arriving) return false;
    this.#consume(input, arriving.feed(input, this.#at));
    if (arriving.error) this.#refuse(arriving.error);
    else if (arriving.done) this.#completeBody(arriving);
    return true;
  }

  #completeBody(arriving: ArrivingBody): void {
    const { request, body } = arriving.take();
    this.#arriving = null;
    this.#phase = 'head';
    this.#complete(request, body, 'own');
  }

  #forgetBody(): void {
    this.#arriving?.close();
    this.#arriving = null;
  }

  #consume(input: Uint8Array, to: number): void {
    if (to < input.length) this.#at = to;
    else this.#input = null;
  }

  #complete(request: ReceivedRequest, body: Uint8Array, whose: 'lent' | 'own'): void {
    if (!request.head.keepAlive) this.#phase = 'over';
    else if (request.head.asksForWebSocket && request.route !== null) this.#phase = 'offer';
    if (this.#mayStart(request.head)) this.#start(new HttpExchange(this, request, body));
    else if (whose === 'own') this.#waiting = new HttpExchange(this, request, body);
    else this.#waiting = new HttpExchange(this, ownRequest(request), copyOf(body));
  }

  #mayStart({ safe }: RequestHead): boolean {
    return !this.output.blocked && this.#answers.mayAdd(safe, this.#hub.limits.pipelined);
  }

  #startWaiting(exchange: HttpExchange): boolean {
    if (!this.#mayStart(exchange.request)) return false;
    this.#waiting = null;
    this.#start(exchange);
    return true;
  }

  #start(exchange: HttpExchange): void {
    this.#answers.add(exchange);
    const { target } = exchange.request;
    try {
      if (exchange.route) this.#hub.dispatcher.dispatch(exchange.route, exchange);
      else if (target.kind === 'control') this.#toControl(exchange, target.target);
      else exchange.respond(204, NOTHING, NOTHING);
    } catch (cause) {
      // Neither should throw; the client gets an answer all the same, and the other connections go on.
      const error = new WeftError('WEFT_INTERNAL', { reason: String(cause) }, { cause });
      this.#countRefusal(error);
      exchange.refuse(error);
    } finally {
      exchange.takeBack();
    }
  }

  #toControl(exchange: HttpExchange, target: string): void {
    const client = new ExchangeClient(exchange, {
      queuedBytes: () => this.output.queuedBytes,
      maxQueuedBytes: this.#hub.limits.controlQueueBytes,
    });
    exchange.onHungUp = () => client.onClosed?.();
    this.#hub.control(controlRequest(exchange, target), client);
  }

  /** A request that was understood: the connection goes on if its body is no obstacle. */
  #refuseRequest(request: ReceivedRequest, error: WeftError): void {
    const { head } = request;
    const input = this.#input;
    const available = input ? input.length - this.#at : 0;
    if (head.bodyLength === CHUNKED || head.bodyLength > available) return this.#refuse(error, request);
    if (input) this.#consume(input, this.#at + head.bodyLength);
    if (!head.keepAlive) this.#phase = 'over';
    this.#countRefusal(error);
    this.#answerWith(error, request, head.keepAlive);
  }

  /** Nothing that follows can be understood: the answer is the last one. */
  #refuse(error: WeftError, request: ReceivedRequest = UNKNOWN_REQUEST): void {
    this.#countRefusal(error);
    this.#phase = 'over';
    this.#input = null;
    this.#forgetBody();
    this.#heads.forget();
    this.#answerWith(error, request, false);
    if (!this.#running) this.#run();
  }

  #answerWith(error: WeftError, request: ReceivedRequest, keepAlive: boolean): void {
    const exchange = new HttpExchange(this, request, NOTHING);
    exchange.keepAlive = keepAlive;
    this.#answers.add(exchange);
    exchange.refuse(error);
  }

  #countRefusal(error: WeftError): void {
    const { refused } = this.#hub.metrics;
    refused[error.entry.status] = (refused[error.entry.status] ?? 0) + 1;
  }

  /** Whoever sends no more may still read: one who is gone is known by a reset, or when something is written to them. */
  #endOfInput(): void {
    if (this.#input !== null || this.#waiting !== null) return;
    if (this.#heads.begun || this.#arriving) return this.#refuse(bad('the connection ended in the middle of a request'));
    if (this.#answers.first === null) this.#endOutput();
  }

  /** After the last answer. The client's bytes still under way are thrown away, or a reset could overtake that answer. */
  #endOutput(): void {
    if (this.#outputEnded || this.closed) return;
    this.#outputEnded = true;
    this.#phase = 'over';
    this.#input = null;
    this.#waiting = null;
    this.#answers.giveUp();
    this.#forgetBody();
    this.#since = this.#hub.now();
    this.output.end();
    this.#setPaused(false);
  }

  #discard(bytes: number): void {
    this.#discarded += bytes;
    if (this.#discarded <= this.#hub.limits.lingerBytes) return;
    if (this.#outputEnded && !this.output.blocked) this.#cutOff();
    else this.#setPaused(true);
  }

  #cutOff(): void {
    this.#hub.metrics.cutOff += 1;
    this.reset();
  }

  #setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }
}
