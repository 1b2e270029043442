/** A server in a process of its own: started, ready when it answers, watched, and asked by HTTP for each request. */
import { addAbortListener } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { asWeftError, type DrivenRequest, type End } from '../../engine/driver.ts';
import type { Ending } from '../../engine/ending.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import { HttpServerClient } from '../http/client.ts';
import { ConnectionLost, type ServerAddress } from '../http/connection.ts';
import { HandshakeError, type ListeningSocket, openSocket } from '../http/listening-socket.ts';
import { isHealthy } from '../http/probe.ts';
import { serveThrough } from '../http/serve.ts';
import type { HttpWire } from '../wire.ts';
import { crashed, startFailed, withLastLines } from './failures.ts';
import type { Instance } from '../instance-pool.ts';
import { type Exit, launch, type Launched, type LaunchOptions } from './launch.ts';

const START_MS = 30_000;
const FIRST_LOOK_MS = 2;
const MAX_LOOK_MS = 100;
const HEALTH_MS = 2_000;
const HEALTH_TIMEOUT_MS = 2_000;
const HEALTH_TRIES = 3;
/** From a connection that breaks to the end of the process that broke it. */
const EXIT_MS = 1_000;
/** Nobody who does not listen takes so long to say so on this machine. */
const LISTENS_MS = 1_000;
/** From the end of a program until its last answers have been read from its sockets: as long as weft-host takes, and as long for us. */
const LAST_ANSWERS_MS = 3_000;

export interface ServerParts {
  readonly spec: FunctionSettings;
  readonly wire: HttpWire;
  readonly healthPath: string | undefined;
  readonly options: LaunchOptions;
  /** Where it is reached from here. */
  readonly at: ServerPlace;
}

/** A socket is a name in a folder that the function can write to. */
export type ServerPlace =
  | Extract<ServerAddress, { kind: 'tcp' }>
  | { readonly kind: 'socket'; readonly folder: string; readonly name: string };

export class ServerProcess implements Instance {
  readonly #process: Launched;
  readonly #parts: ServerParts;
  /** Since it listens. */
  #client: HttpServerClient | undefined;
  #address: ServerAddress | undefined;
  #socket: ListeningSocket | undefined;
  /** What is wrong with where it listens. */
  #refusal: string | undefined;
  readonly #stop = new AbortController();
  #usable = true;
  /** It ends because it was told to. */
  #asked = false;
  #toldCrash = false;

  private constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#process = launch(parts.options);
    void this.#process.exited.then(() => {
      this.#usable = false;
      this.#stop.abort();
      this.#client?.finish(LAST_ANSWERS_MS);
      void this.#closeSocket();
    });
  }

  /** Answers when this returns; is ended when `closing` is aborted before. @throws WeftError WEFT_START_FAILED */
  static async start(parts: ServerParts, closing: AbortSignal): Promise<ServerProcess> {
    const server = new ServerProcess(parts);
    using _closed = addAbortListener(closing, () => server.kill());
    const { place } = parts.options;
    const ready = await server.#becomeReady();
    if (ready) {
      if (parts.healthPath !== undefined) void server.#watch(parts.healthPath);
      return server;
    }
    const { exit } = server.#process;
    if (exit) throw startFailed(place, server.#process, exit);
    const { lastLines } = server.#process;
    server.kill();
    const what = server.#refusal ?? `it did not ${parts.healthPath === undefined ? 'listen' : 'answer'} within ${START_MS} ms`;
    const reason = withLastLines(what, lastLines);
    throw new WeftError('WEFT_START_FAILED', { name: place.name, reason });
  }

  get gone(): Promise<void> {
    return this.#process.exited.then(() => {});
  }

  get usable(): boolean {
    return this.#usable;
  }

  run(request: DrivenRequest, ended: (end: End) => void, over: () => void): void {
    const { spec, wire } = this.#parts;
    const client = this.#client;
    if (!client) throw new TypeError('It gets requests before it listens');
    const before = client.heard;
    serveThrough({ spec, wire, client }, request, (result) => {
      if (result instanceof Error) {
        void this.#failed(result, request.ending, before).catch(asWeftError).then(ended).finally(over);
        return;
      }
      if (result.fatal) this.kill();
      if (result.lasted) void this.#tellCrash();
      over();
      ended(result.outcome);
    });
  }

  async end(): Promise<void> {
    this.#asked ||= !this.#process.exit;
    this.#usable = false;
    this.#stop.abort();
    await this.#process.end('host');
  }

  kill(): void {
    this.#asked ||= !this.#process.exit;
    this.#usable = false;
    this.#process.kill();
  }

  /** Of which a WebSocket may have ended; once for all of them. */
  async #tellCrash(): Promise<void> {
    const exit = await this.#exitWithin(EXIT_MS);
    if (!exit || this.#asked || this.#toldCrash) return;
    this.#toldCrash = true;
    const { place, log } = this.#parts.options;
    log('error', crashed(place, this.#process, exit).message);
  }

  async #failed(failure: Error, ending: Ending, before: number): Promise<WeftError> {
    if (!this.#parts.wire.exclusive) return this.#explain(failure, ending, before);
    // It may still be busy with this request. It is ended when it is known how it ended by itself.
    this.#usable = false;
    const reason = await this.#explain(failure, ending, before);
    this.kill();
    return reason;
  }

  /** `before`: what had been heard of it when the request began. */
  async #explain(cause: Error, ending: Ending, before: number): Promise<WeftError> {
    const { spec, healthPath, options } = this.#parts;
    const { name } = spec;
    if (ending.reason) {
      // One that answers nobody will not answer the next either; where there is a health check, that decides.
      const silent = healthPath === undefined && this.#client?.heard === before;
      if (silent && ending.reason.code === 'WEFT_DEADLINE') void this.#killUnlessEnding();
      return ending.reason;
    }
    if (!(cause instanceof ConnectionLost)) return asWeftError(cause);
    // It may be passing on its last answers: other requests need not try.
    if (cause.deaf) this.#usable = false;
    const exit = await this.#exitSoon();
    if (exit) return crashed(options.place, this.#process, exit);
    // Alive, but deaf: what it listened on is gone.
    if (cause.deaf) this.kill();
    return new WeftError('WEFT_FUNCTION_CRASHED', { name, reason: withLastLines(cause.message, this.#process.lastLines) }, { cause });
  }

  /** Killed while it passes on its last answers, it could not tell how its program ended. */
  async #killUnlessEnding(): Promise<void> {
    this.#usable = false;
    await this.#exitIfEnding();
    this.kill();
  }

  /** How it ended, if it is about to. */
  async #exitSoon(): Promise<Exit | undefined> {
    return (await this.#exitWithin(EXIT_MS)) ?? (await this.#exitIfEnding());
  }

  /** One that listens no more may have to pass on its last answers first. */
  async #exitIfEnding(): Promise<Exit | undefined> {
    const address = this.#address;
    return address && !(await listens(address)) ? await this.#exitWithin(LAST_ANSWERS_MS) : this.#process.exit;
  }

  async #exitWithin(ms: number): Promise<Exit | undefined> {
    return await Promise.race([this.#process.exited, sleep(ms, undefined, { ref: false })]);
  }

  /** Whether it did, in time. */
  async #becomeReady(): Promise<boolean> {
    const until = performance.now() + START_MS;
    const { healthPath } = this.#parts;
    for (let pause = FIRST_LOOK_MS; performance.now() < until && !this.#process.exit; pause = Math.min(pause * 2, MAX_LOOK_MS)) {
      const address = await this.#reach();
      if (this.#refusal !== undefined) return false;
      if (address) {
        this.#address = address;
        this.#client = new HttpServerClient(address);
        const ready = healthPath === undefined ? await listens(address) : await this.#healthy(healthPath);
        if (ready) return true;
        await this.#disconnect();
      }
      await sleep(pause);
    }
    return false;
  }

  /** Nothing while there is nothing to connect to. */
  async #reach(): Promise<ServerAddress | undefined> {
    const { at } = this.#parts;
    if (at.kind === 'tcp') return at;
    try {
      this.#socket = await openSocket(at.folder, at.name);
    } catch (cause) {
      if (cause instanceof HandshakeError) this.#refusal = `where it should listen, ${cause.message}`;
      return undefined;
    }
    return { kind: 'unix', path: this.#socket.path };
  }

  async #disconnect(): Promise<void> {
    this.#client?.close();
    await this.#closeSocket();
  }

  async #closeSocket(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.close();
  }

  async #watch(path: string): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; failures < HEALTH_TRIES; ) {
      await sleep(HEALTH_MS, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      failures = (await this.#healthy(path)) ? 0 : failures + 1;
    }
    this.#parts.options.log('error', `GET ${path} failed ${HEALTH_TRIES} times: it is ended and replaced`);
    this.kill();
  }

  async #healthy(path: string): Promise<boolean> {
    return this.#client !== undefined && isHealthy(this.#client, path, HEALTH_TIMEOUT_MS);
  }
}

/** Of the socket that the server makes. */
export const SOCKET_NAME = 'http.sock';

function listens(address: ServerAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    // Somebody does, and has much to do: a full backlog refuses on a Unix socket, and is silent on a port.
    socket.once('error', (cause: NodeJS.ErrnoException) => done(cause.code === 'EAGAIN'));
    socket.setTimeout(LISTENS_MS, () => done(true));
  });
}
