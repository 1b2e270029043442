/** A client of one HTTP/1.1 server, with connections that are used again. */
import type { WireRequest } from '../wire.ts';
import { ConnectionLost, type Receiver, type ServerAddress, ServerConnection } from './connection.ts';
import type { HeadLimits } from './response-parser.ts';

export interface ClientOptions extends Partial<HeadLimits> {
  /** At once; requests beyond wait for one. */
  readonly connections?: number;
  /** A connection without a request is closed after this. Less than servers wait, so that the two do not cross. */
  readonly idleMs?: number;
}

const DEFAULTS = { connections: 256, idleMs: 1000, headBytes: 64 * 1024, headers: 256 };
/** Methods that may be sent again by their meaning (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

interface Waiting {
  readonly resolve: () => void;
}

export class HttpServerClient {
  readonly #address: ServerAddress;
  readonly #options: Required<ClientOptions>;
  readonly #all = new Set<ServerConnection>();
  /** The one used last is used next: the others grow old and go. */
  readonly #idle: ServerConnection[] = [];
  readonly #waiting: Waiting[] = [];
  #sweep: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(address: ServerAddress, options: ClientOptions = {}) {
    this.#address = address;
    this.#options = { ...DEFAULTS, ...options };
  }

  /**
   * Resolves when the answer was received whole, or `receiver` wants no more of it. A connection that went stale while it
   * waited is replaced once, if the request can be sent again without being run twice.
   * @throws ConnectionLost, MalformedAnswer, the reason of `signal`, what `receiver` throws
   */
  async send(request: WireRequest, receiver: Receiver, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const first = this.#takeIdle() ?? (await this.#open(signal));
    const reused = first.carried > 0;
    try {
      await this.#exchange(first, request, receiver, signal);
    } catch (cause) {
      if (!reused || !(cause instanceof ConnectionLost) || !repeatable(cause, request) || signal.aborted) throw cause;
      // Its fellows have waited longer, and are as stale.
      for (const connection of this.#idle.splice(0)) connection.destroy();
      try {
        await this.#exchange(await this.#open(signal), request, receiver, signal);
      } catch (again) {
        // There is no server any more: how it went is told by the connection that was cut.
        throw again instanceof ConnectionLost && !again.connected ? cause : again;
      }
    }
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#sweep);
    for (const connection of this.#all) connection.destroy();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  async #exchange(connection: ServerConnection, request: WireRequest, receiver: Receiver, signal: AbortSignal): Promise<void> {
    try {
      await connection.exchange(request, receiver, signal);
    } finally {
      this.#release(connection);
    }
  }

  #takeIdle(): ServerConnection | undefined {
    for (;;) {
      const idle = this.#idle.pop();
      // One that its server has just closed is still here for a moment.
      if (!idle || idle.usable) return idle;
    }
  }

  async #open(signal: AbortSignal): Promise<ServerConnection> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#closed) throw new ConnectionLost('its server was stopped', { connected: false, unread: true, unanswered: true });
      const idle = this.#takeIdle();
      if (idle) return idle;
      if (this.#all.size < this.#options.connections) break;
      await this.#turn(signal);
    }
    const connection = new ServerConnection(this.#address, this.#options, (gone) => this.#forget(gone));
    this.#all.add(connection);
    return connection;
  }

  /** Until a connection is free, or room for one. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = { resolve: done };
      const waits = this.#waiting;
      waits.push(waiting);
      signal.addEventListener('abort', done);
      function done(): void {
        const at = waits.indexOf(waiting);
        if (at >= 0) waits.splice(at, 1);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }

  #release(connection: ServerConnection): void {
    if (!connection.usable || this.#closed) {
      connection.destroy();
      return;
    }
    connection.idleSince = performance.now();
    this.#idle.push(connection);
    this.#sweep ??= setTimeout(() => this.#closeIdle(), this.#options.idleMs).unref();
    this.#waiting.shift()?.resolve();
  }

  #closeIdle(): void {
    this.#sweep = undefined;
    const now = performance.now();
    const old = this.#idle.filter(({ idleSince }) => now - idleSince >= this.#options.idleMs);
    for (const connection of old) connection.destroy();
    this.#remove(old);
    const [oldest] = this.#idle;
    if (!oldest || this.#closed) return;
    this.#sweep = setTimeout(() => this.#closeIdle(), Math.ceil(oldest.idleSince + this.#options.idleMs - now)).unref();
  }

  #forget(connection: ServerConnection): void {
    this.#all.delete(connection);
    this.#remove([connection]);
    this.#waiting.shift()?.resolve();
  }

  #remove(connections: readonly ServerConnection[]): void {
    for (const connection of connections) {
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
    }
  }
}

function repeatable(lost: ConnectionLost, request: WireRequest): boolean {
  return lost.unread || (lost.unanswered && IDEMPOTENT.has(request.method));
}
