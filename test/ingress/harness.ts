/** A real ingress on a real port, with functions in JavaScript behind it, and clients that say exactly which bytes they send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ControlRequest } from '../../src/engine/protocol.ts';
import { type ControlClient, createIngress, type Ingress, type IngressClock, type IngressLimits } from '../../src/gateway/ingress/index.ts';
import type { WeftError } from '../../src/model/errors.ts';
import type { Exchange, Route } from '../../src/model/exchange.ts';

export type Handler = (exchange: Exchange) => void;

export const NONE = new Uint8Array(0);
export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What a function saw of a request. */
export interface Seen {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly head: string;
  readonly body: string;
}

export interface TestIngressOptions {
  readonly functions?: Record<string, Handler>;
  readonly limits?: Partial<IngressLimits>;
  readonly maxRequestBytes?: number;
  readonly clock?: IngressClock;
  readonly control?: (request: ControlRequest, client: ControlClient) => void;
  readonly listen?: { kind: 'reuse-port' } | { kind: 'handed'; path: string };
  readonly port?: number;
}

const echo: Handler = (exchange) => exchange.respond(200, NONE, exchange.body);

export class TestIngress {
  readonly seen: Seen[] = [];
  readonly badResponses: WeftError[] = [];
  readonly ingress: Ingress;
  port = 0;

  constructor(options: TestIngressOptions = {}) {
    const handlers: Record<string, Handler> = { echo, ...options.functions };
    const maxRequestBytes = options.maxRequestBytes ?? 1024 * 1024;
    this.ingress = createIngress(
      {
        dispatcher: {
          route: (name) => (Object.hasOwn(handlers, name) ? { name, maxRequestBytes } : undefined),
          dispatch: (route, exchange) => this.#dispatch(route, exchange, handlers[route.name] ?? echo),
        },
        control: options.control ?? ((_request, client) => client.answer({ status: 404, headers: [], body: NONE })),
        badResponse: (_route, error) => this.badResponses.push(error),
        ...(options.limits ? { limits: options.limits } : {}),
        ...(options.clock ? { clock: options.clock } : {}),
      },
      options.listen ?? { kind: 'reuse-port' },
    );
  }

  static async start(options: TestIngressOptions = {}): Promise<TestIngress> {
    const test = new TestIngress(options);
    test.port = await test.listen(options.port);
    return test;
  }

  listen(port = 0): Promise<number> {
    return this.ingress.listen({ host: '127.0.0.1', port });
  }

  close(): Promise<void> {
    return this.ingress.close(0);
  }

  #dispatch(route: Route, exchange: Exchange, handler: Handler): void {
    const { method, path, query } = exchange;
    this.seen.push({
      name: route.name,
      method,
      path,
      query,
      head: Buffer.from(exchange.head).toString('latin1'),
      body: Buffer.from(exchange.body).toString('latin1'),
    });
    handler(exchange);
  }
}

/** Collects what comes until the other side closes or resets. */
export class Client {
  readonly socket: Socket;
  ended = false;
  closed = false;
  /** Bytes received; unlike `text`, free to read. */
  received = 0;
  #chunks: Buffer[] = [];
  #wakers: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.received += chunk.length;
      this.#wake();
    });
    socket.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
    socket.on('error', () => {});
  }

  static async connect(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new Client(socket);
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  send(text: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(typeof text === 'string' ? bytes(text) : text);
  }

  /** Sends each piece so that the server reads it as a chunk of its own. */
  async sendPieces(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      if (piece.length > 0) this.send(piece);
      await nextTurn();
      await nextTurn();
    }
  }

  async until(condition: (text: string) => boolean): Promise<string> {
    while (!condition(this.text)) {
      if (this.closed) throw new Error(`the connection closed; got ${JSON.stringify(this.text)}`);
      await this.#next();
    }
    return this.text;
  }

  async untilReceived(count: number): Promise<void> {
    while (this.received < count) {
      if (this.closed) throw new Error(`the connection closed after ${this.received} bytes`);
      await this.#next();
    }
  }

  async untilEnd(): Promise<string> {
    while (!this.ended && !this.closed) await this.#next();
    return this.text;
  }

  async untilClosed(): Promise<string> {
    while (!this.closed) await this.#next();
    return this.text;
  }

  close(): void {
    this.socket.destroy();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }
}

/** Sends the pieces, ends its side, and gives everything that came back. */
export async function ask(port: number, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const client = await Client.connect(port);
  await client.sendPieces(pieces.map((piece) => (typeof piece === 'string' ? bytes(piece) : piece)));
  client.socket.end();
  const text = await client.untilEnd();
  client.close();
  return text;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads answers one after the other as a client would: by Content-Length, chunks, or the end. `heads`: answers to HEAD have no body. */
export function replies(text: string, methods: readonly string[] = []): Reply[] {
  const found: Reply[] = [];
  let rest = text;
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`an answer without an end of its head: ${JSON.stringify(rest)}`);
    const [line = '', ...lines] = rest.slice(0, end).split('\r\n');
    const match = /^HTTP\/1\.1 (\d{3}) [ -~]*$/.exec(line);
    if (!match) throw new Error(`not a status line: ${JSON.stringify(line)}`);
    const headers = Object.fromEntries(lines.map((l) => [l.slice(0, l.indexOf(':')).toLowerCase(), l.slice(l.indexOf(':') + 1).trim()]));
    const status = Number(match[1]);
    rest = rest.slice(end + 4);
    if (status === 100) continue;
    const bodyless = status === 204 || status === 304 || methods[found.length] === 'HEAD';
    const { body, length } = bodyless ? { body: '', length: 0 } : readBody(rest, headers);
    rest = rest.slice(length);
    found.push({ status, headers, body });
  }
  return found;
}

function readBody(text: string, headers: Readonly<Record<string, string>>): { body: string; length: number } {
  if (headers['transfer-encoding'] === 'chunked') return readChunks(text);
  const announced = headers['content-length'];
  if (announced === undefined) return { body: text, length: text.length };
  const length = Number(announced);
  if (text.length < length) throw new Error(`a body of ${text.length} bytes where ${length} were announced`);
  return { body: text.slice(0, length), length };
}

function readChunks(text: string): { body: string; length: number } {
  let at = 0;
  let body = '';
  for (;;) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) throw new Error('a chunked answer broke off');
    const size = Number.parseInt(text.slice(at, end), 16);
    at = end + 2;
    body += text.slice(at, at + size);
    at += size + 2;
    if (size === 0) return { body, length: at };
  }
}
