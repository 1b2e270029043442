/** Real servers on real sockets, which answer with exactly the bytes a test wants, and a client to ask them with. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ClientOptions, HttpServerClient } from '../../../src/drivers/http/client.ts';
import type { Received, Receiver, ServerAddress } from '../../../src/drivers/http/connection.ts';
import type { WireReply, WireRequest } from '../../../src/drivers/wire.ts';
import { Ending } from '../../../src/engine/ending.ts';

/** What a server does with the request that it has just received whole (its bytes as text). */
export type Behaviour = (socket: Socket, request: string, count: number) => void;

export class RawServer implements AsyncDisposable {
  readonly requests: string[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #path = '';
  #folder = '';

  constructor(behaviour: Behaviour) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
      socket.on('end', () => socket.end());
      let received = '';
      socket.setEncoding('latin1').on('data', (text: string) => {
        received += text;
        for (;;) {
          const end = requestEnd(received);
          if (end === undefined) return;
          const request = received.slice(0, end);
          received = received.slice(end);
          this.requests.push(request);
          behaviour(socket, request, this.requests.length);
        }
      });
    });
  }

  static async start(behaviour: Behaviour): Promise<RawServer> {
    const server = new RawServer(behaviour);
    server.#folder = await mkdtemp(join(tmpdir(), 'weft-http-'));
    server.#path = join(server.#folder, 's.sock');
    await server.listen();
    return server;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#path, resolve));
  }

  get address(): { kind: 'unix'; path: string } {
    return { kind: 'unix', path: this.#path };
  }

  /** As a server that crashes: nobody can connect any more, and what it has not read is lost. */
  crash(): void {
    this.#server.close();
    this.hangUp();
  }

  /** Ends all its connections, as a server that restarts does. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Answers GET, and does what it is told to when it has the head of another request: what follows that is not read. */
export class Impatient implements AsyncDisposable {
  readonly methods: string[] = [];
  readonly #server: Server;
  readonly #path: string;

  private constructor(path: string, behaviour: (socket: Socket) => void) {
    this.#path = path;
    this.#server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (head: Buffer) => {
        const [method = ''] = head.toString('latin1').split(' ');
        this.methods.push(method);
        if (method === 'GET') socket.write('HTTP/1.1 204 No Content\r\n\r\n');
        else {
          socket.pause();
          behaviour(socket);
        }
      });
    });
  }

  static async start(kind: ServerAddress['kind'], behaviour: (socket: Socket) => void): Promise<Impatient> {
    const server = new Impatient(join(await mkdtemp(join(tmpdir(), 'weft-http-')), 's.sock'), behaviour);
    const listening = once(server.#server, 'listening');
    if (kind === 'unix') server.#server.listen(server.#path);
    else server.#server.listen(0, '127.0.0.1');
    await listening;
    return server;
  }

  get address(): ServerAddress {
    const address = this.#server.address();
    if (typeof address === 'object' && address) return { kind: 'tcp', host: address.address, port: address.port };
    return { kind: 'unix', path: this.#path };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(dirname(this.#path), { recursive: true, force: true });
  }
}

function requestEnd(received: string): number | undefined {
  const head = received.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const length = Number(/^content-length: *(\d+)/im.exec(received.slice(0, head))?.[1] ?? 0);
  return received.length >= head + 4 + length ? head + 4 + length : undefined;
}

const NOTHING = new Uint8Array(0);
export const GET: WireRequest = { method: 'GET', target: '/', headers: [['Host', 'localhost']], body: NOTHING };
export const POST: WireRequest = { method: 'POST', target: '/', headers: [['Host', 'localhost']], body: Buffer.from('body') };

/** Keeps all that it gets. */
export class Gatherer implements Receiver {
  reply: WireReply | undefined;
  readonly pieces: Buffer[] = [];
  whole = false;

  received({ head, piece, whole }: Received): ReturnType<Receiver['received']> {
    this.reply ??= head;
    if (piece.length > 0) this.pieces.push(Buffer.from(piece));
    this.whole = whole;
    return 'more';
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  get body(): Buffer {
    return Buffer.concat(this.pieces);
  }

  get text(): string {
    return this.body.toString('latin1');
  }
}

export async function ask(client: HttpServerClient, request: WireRequest = GET, ending = new Ending()): Promise<Gatherer> {
  const gatherer = new Gatherer();
  await send(client, request, gatherer, ending);
  return gatherer;
}

/** `client.send` as a promise. */
export function send(client: HttpServerClient, request: WireRequest, receiver: Receiver, ending = new Ending()): Promise<void> {
  return new Promise((resolve, reject) => client.send(request, receiver, ending, (failure) => (failure ? reject(failure) : resolve())));
}

export interface Talk extends AsyncDisposable {
  readonly server: RawServer;
  readonly client: HttpServerClient;
}

/** A server that behaves so, and a client of it. */
export async function talkTo(behaviour: Behaviour, options: ClientOptions = {}): Promise<Talk> {
  const server = await RawServer.start(behaviour);
  const client = new HttpServerClient(server.address, options);
  return {
    server,
    client,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Answers every request with these bytes. */
export const saying =
  (text: string): Behaviour =>
  (socket) =>
    socket.write(text, 'latin1');
