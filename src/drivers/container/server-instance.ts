/** A container that is an HTTP server, on a port or on a Unix socket in a folder it shares with the host. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DrivenRequest, End } from '../../engine/driver.ts';
import { WeftError } from '../../model/errors.ts';
import { HttpServerClient } from '../http/client.ts';
import { ConnectionLost, type ServerAddress } from '../http/connection.ts';
import { type Served, serveThrough } from '../http/serve.ts';
import { removeFolder } from '../remove-folder.ts';
import type { HttpWire } from '../wire.ts';
import type { Container } from './container.ts';
import type { ContainerFunction } from './container-function.ts';
import { InstanceLife } from './instance-life.ts';
import { awaitConnection, awaitHealth } from './listening.ts';
import { InstanceLost, type Runner } from './pooled-function.ts';
import type { ListeningSocket } from '../http/listening-socket.ts';
import { awaitSocket } from './socket-handshake.ts';
import { startAndAwait } from './starting.ts';

/** The folder that Fn shares with a function, and what it waits for in it. */
const SOCKET_FOLDER = '/tmp/iofs';
const SOCKET_NAME = 'lsnr.sock';
/** As Fn waits for its functions. */
const SOCKET_MS = 5000;
/** Servers that start slowly are common; a request's own deadline ends sooner. */
const PORT_MS = 60_000;
/** Fn's agent, and what its functions are written for: one connection, closed after an idle second. */
const SOCKET_CONNECTION = { connections: 1, idleMs: 1000 };
/** How long the engine may take to tell that a container has ended whose connection broke. */
const NEWS_MS = 1000;
/** From the end of a container until its last answers have been read. */
const LAST_ANSWERS_MS = 3000;

interface ServerParts {
  readonly fn: ContainerFunction;
  readonly wire: HttpWire;
  readonly container: Container;
  readonly client: HttpServerClient;
  readonly socket: ListeningSocket | undefined;
  readonly folder: string | undefined;
  readonly freezeMs: number;
}

export class ServerInstance implements Runner {
  readonly #parts: ServerParts;
  readonly #life: InstanceLife;
  #running = 0;
  #ended: Promise<void> | undefined;
  /** It ends because it was told to. */
  #asked = false;
  #toldCrash = false;

  private constructor(parts: ServerParts) {
    const { fn, container, client, freezeMs } = parts;
    this.#parts = parts;
    this.#life = new InstanceLife({ fn, container, freezeMs, letGo: () => client.close() });
    // What is under way gets what was written of its answer, and no more.
    void container.ended.then(() => client.finish(LAST_ANSWERS_MS));
  }

  /** @throws NotReady; WeftError WEFT_IMAGE, WEFT_START_FAILED, WEFT_CONTAINER_ENGINE; the closing signal's reason */
  static async start(fn: ContainerFunction, wire: HttpWire, freezeMs: number, closing: AbortSignal): Promise<ServerInstance> {
    await using undo = new AsyncDisposableStack();
    const folder = wire.listens === 'unix' ? await fn.openFolder() : undefined;
    if (folder !== undefined) undo.defer(() => removeFolder(folder));
    const { reach } = fn.engine;
    const publish = folder === undefined && reach.kind === 'published' ? { port: fn.port, bind: reach.bind } : undefined;
    const address = folder === undefined ? `tcp:${fn.port}` : `unix:${join(SOCKET_FOLDER, SOCKET_NAME)}`;
    const container = await fn.createContainer({
      env: { ...fn.spec.env, ...wire.env(fn.spec, address, fn.app) },
      stdin: false,
      locked: folder !== undefined,
      publish,
      mounts: folder === undefined ? [] : [{ from: folder, to: SOCKET_FOLDER, writable: true }],
    });
    undo.defer(() => container.remove());
    const parts = { fn, wire, container, folder, freezeMs };
    const { client, socket } = await startAndAwait({
      fn,
      wire,
      container,
      closing,
      ms: folder === undefined ? PORT_MS : SOCKET_MS,
      ready: (ready, started) => (folder === undefined ? listensOnPort(fn, container, ready, started) : listensOnSocket(folder, ready)),
    });
    undo.move();
    return new ServerInstance({ ...parts, client, socket });
  }

  get gone(): Promise<void> {
    return this.#life.gone;
  }

  get usable(): boolean {
    return this.#life.usable;
  }

  async run(request: DrivenRequest): Promise<End> {
    const { fn, wire, client } = this.#parts;
    this.#running++;
    try {
      await this.#life.wake();
      const { outcome, fatal, lasted } = await new Promise<Served>((resolve, reject) => {
        serveThrough({ spec: fn.spec, wire, client }, request, (result) => (result instanceof Error ? reject(result) : resolve(result)));
      });
      // A client that went away leaves a server that takes one request at a time busy with it.
      if (fatal || (wire.exclusive && request.stream?.closed)) this.#life.forsake();
      if (lasted) void this.#tellCrash();
      return outcome;
    } catch (cause) {
      // First how it ended: nothing can be learnt of what is removed.
      const error = cause instanceof ConnectionLost ? await this.#reasonOf(cause) : cause;
      if (wire.exclusive) this.#life.forsake();
      throw error;
    } finally {
      if (--this.#running === 0) this.#life.idle();
    }
  }

  end(): Promise<void> {
    this.#asked ||= !this.#parts.container.end;
    return (this.#ended ??= this.#end());
  }

  /** Of which a WebSocket may have ended; once for all of them. */
  async #tellCrash(): Promise<void> {
    const { fn, container } = this.#parts;
    await Promise.race([container.ended, delay(NEWS_MS, undefined, { ref: false })]);
    if (!container.end || this.#asked || this.#life.forsaken || this.#toldCrash) return;
    this.#toldCrash = true;
    fn.host.log('error', new WeftError('WEFT_FUNCTION_CRASHED', { name: fn.spec.name, reason: container.obituary }).message);
  }

  async #end(): Promise<void> {
    const { socket, folder } = this.#parts;
    await this.#life.end();
    await socket?.close();
    if (folder !== undefined) await removeFolder(folder);
  }

  /** What the loss of the connection means. */
  async #reasonOf(lost: ConnectionLost): Promise<Error> {
    const { fn, container } = this.#parts;
    if (!lost.connected) {
      // It never saw the request. Whether it is gone or only deaf, it is of no use.
      this.#life.forsake();
      return new InstanceLost(lost.message, { cause: lost });
    }
    await Promise.race([container.ended, delay(NEWS_MS, undefined, { ref: false })]);
    const { name } = fn.spec;
    const words = container.log.lastWords;
    const reason = container.end ? container.obituary : words === '' ? lost.message : `${lost.message}; the last it printed:\n${words}`;
    return new WeftError('WEFT_FUNCTION_CRASHED', { name, reason }, { cause: lost });
  }
}

type Listening = Pick<ServerParts, 'client' | 'socket'>;

async function listensOnSocket(folder: string, signal: AbortSignal): Promise<Listening> {
  const socket = await awaitSocket(folder, SOCKET_NAME, signal);
  return { client: new HttpServerClient({ kind: 'unix', path: socket.path }, SOCKET_CONNECTION), socket };
}

async function listensOnPort(fn: ContainerFunction, container: Container, signal: AbortSignal, started: Promise<void>): Promise<Listening> {
  await started;
  const address = await addressOf(fn, container);
  await awaitConnection(address, fn.engine.reach.kind === 'published', signal);
  const client = new HttpServerClient(address);
  const { healthPath } = fn.isolation.resources;
  if (healthPath !== undefined) await awaitHealth(client, healthPath, signal);
  return { client, socket: undefined };
}

/** Where its port is reached, known once it has started. */
async function addressOf({ engine, port, spec }: ContainerFunction, container: Container): Promise<ServerAddress & { kind: 'tcp' }> {
  const { NetworkSettings, State } = await engine.api.inspect(container.id);
  if (engine.reach.kind === 'published') {
    const [published] = NetworkSettings?.Ports?.[`${port}/tcp`] ?? [];
    if (published) return { kind: 'tcp', host: engine.reach.host, port: Number(published.HostPort) };
  } else {
    const addresses = [NetworkSettings?.IPAddress, ...Object.values(NetworkSettings?.Networks ?? {}).map(({ IPAddress }) => IPAddress)];
    const host = addresses.find((address) => address !== undefined && address !== '');
    if (host !== undefined) return { kind: 'tcp', host, port };
  }
  // One that has ended has none; how it ended is the better reason.
  if (!State.Running) await container.ended;
  const reason = `the engine gave it no address for its port ${port}`;
  throw new WeftError('WEFT_START_FAILED', { name: spec.name, reason });
}
