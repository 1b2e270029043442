/** A client of one HTTP/1.1 server, with connections that are used again. */
import { performance } from 'node:perf_hooks';
import type { Ending } from '../../engine/ending.ts';
import type { WireRequest } from '../wire.ts';
import { ConnectionLost, type ConnectionKeeper, type Done, type Receiver, type ServerAddress, ServerConnection } from './connection.ts';
import { Pause } from './pause.ts';
import { ReplyMemo } from './reply-memo.ts';
import type { HeadLimits } from './response-parser.ts';

export interface ClientOptions extends Partial<HeadLimits> {
  /** At once; requests beyond wait for one. */
  readonly connections?: number;
  /** A connection without a request is closed after this. Less than servers wait, so that the two do not cross. */
  readonly idleMs?: number;
}

const DEFAULTS = { connections: 256, idleMs: 1000, headBytes: 64 * 1024, headers: 256 };
/** A server that closes a connection so soon after its first answer means to answer once on each. */
const ONE_ANSWER_MS = 100;
/** Methods that may be sent again by their meaning (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** A request, and who is told how it went. */
interface Sending {
  readonly request: WireRequest;
  readonly receiver: Receiver;
  readonly ending: Ending;
  readonly done: Done;
  /** How it went on a connection that had gone stale. */
  stale?: ConnectionLost;
}

export class HttpServerClient implements ConnectionKeeper {
  /** Answers that came whole, and what WebSockets brought: whether it grows tells whether the server lives. */
  heard = 0;
  readonly #address: ServerAddress;
  readonly #options: Required<ClientOptions>;
  readonly #memo = new ReplyMemo();
  readonly #all = new Set<ServerConnection>();
  /** Those that became WebSockets: they take no place from requests. */
  readonly #webSockets = new Set<ServerConnection>();
  /** The one used last is used next: the others grow old and go. */
  readonly #idle: ServerConnection[] = [];
  readonly #waiting = new Set<Sending>();
  /** Nobody connects until there may be room in the server's backlog again. */
  readonly #crowded = new Pause(() => this.#serveAllWaiting());
  /** The server closes after each answer and does not say so: a request on a kept connection would cross with that. */
  #closesUnsaid = false;
  #sweep: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(address: ServerAddress, options: ClientOptions = {}) {
    this.#address = address;
    this.#options = { ...DEFAULTS, ...options };
  }

  /**
   * `done` is called once, perhaps before this returns: with nothing when the answer was received whole or `receiver` wants no more of it;
   * else with ConnectionLost, MalformedAnswer, the reason of the ending, or what `receiver` threw. A connection that went stale while it
   * waited is replaced once, if the request can be sent again without being run twice. While a server's backlog is full, requests wait.
   */
  send(request: WireRequest, receiver: Receiver, ending: Ending, done: Done): void {
    this.#begin({ request, receiver, ending, done });
  }

  /**
   * Its server has ended: nothing new is begun. What is under way ends with its connection, which still has what the server wrote, and is
   * broken off after `ms`.
   */
  finish(ms: number): void {
    this.#shut();
    for (const connection of this.#all) if (!connection.exchanging) connection.destroy();
    setTimeout(() => this.close(), ms).unref();
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#shut();
    for (const connection of [...this.#all, ...this.#webSockets]) connection.destroy();
  }

  #shut(): void {
    this.#closed = true;
    clearTimeout(this.#sweep);
    this.#crowded.end();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const sending of waiting) this.#begin(sending);
  }

  /** With a connection at once, or when there is room for one. */
  #begin(sending: Sending): void {
    const { ending, done } = sending;
    if (ending.reason) done(ending.reason);
    else if (this.#closed) done(new ConnectionLost('its server was stopped', { connected: false, unsent: true, unanswered: true }));
    else {
      const connection = this.#takeIdle() ?? this.#connect();
      if (!connection) this.#wait(sending);
      else if (connection.carried > 0) this.#exchange(connection, sending, (lost) => this.#again(lost, sending, connection));
      else this.#exchange(connection, sending, (lost) => this.#first(lost, sending));
    }
  }

  /** After a new connection. */
  #first(lost: Error | undefined, sending: Sending): void {
    const { ending, done, stale } = sending;
    const unreached = lost instanceof ConnectionLost && !lost.connected;
    if (unreached && lost.crowded && !ending.reason && !this.#closed) {
      this.#crowded.begin();
      this.#wait(sending);
      return;
    }
    this.#crowded.forget();
    // There may be no server any more: how it went is told by the connection that was cut.
    done(unreached && stale ? stale : lost);
  }

  #exchange(connection: ServerConnection, { request, receiver, ending }: Sending, done: Done): void {
    connection.exchange(request, receiver, ending, (failure) => {
      if (!failure) this.heard += 1;
      this.#release(connection);
      done(failure);
    });
  }

  /** After a connection that had been used before. */
  #again(lost: Error | undefined, sending: Sending, used: ServerConnection): void {
    const { request, ending, done } = sending;
    if (used.carried === 2 && lost instanceof ConnectionLost && lost.unanswered) this.#noteHangUp(used);
    if (!(lost instanceof ConnectionLost) || !repeatable(lost, request) || ending.reason || this.#closed) return done(lost);
    // Its fellows have waited longer, and are as stale.
    for (const connection of this.#idle.splice(0)) connection.destroy();
    sending.stale = lost;
    const connection = this.#connect();
    if (connection) this.#exchange(connection, sending, (again) => this.#first(again, sending));
    else this.#wait(sending);
  }

  #takeIdle(): ServerConnection | undefined {
    for (;;) {
      const idle = this.#idle.pop();
      // One that its server has just closed is still here for a moment.
      if (!idle || idle.usable) return idle;
    }
  }

  get #mayConnect(): boolean {
    return this.#all.size < this.#options.connections && !this.#crowded.running;
  }

  #connect(): ServerConnection | undefined {
    if (!this.#mayConnect) return undefined;
    const connection = new ServerConnection(this.#address, this.#options, this.#memo, this);
    this.#all.add(connection);
    return connection;
  }

  /** Until a connection is free, or room for one. */
  #wait(sending: Sending): void {
    const { ending, done } = sending;
    this.#waiting.add(sending);
    ending.onEnded = (reason) => {
      this.#waiting.delete(sending);
      done(reason);
    };
  }

  #serveWaiting(): void {
    const [first] = this.#waiting;
    // Begun in vain, it would lose its place.
    if (!first || (this.#idle.length === 0 && !this.#mayConnect && !this.#closed)) return;
    this.#waiting.delete(first);
    first.ending.onEnded = undefined;
    this.#begin(first);
  }

  #serveAllWaiting(): void {
    for (let count = this.#waiting.size; count > 0; count -= 1) this.#serveWaiting();
  }

  #release(connection: ServerConnection): void {
    if (!connection.usable || this.#closed || this.#closesUnsaid) {
      connection.destroy(); // and forgotten when that is done
      return;
    }
    connection.idleSince = performance.now();
    this.#idle.push(connection);
    this.#sweep ??= setTimeout(() => this.#closeIdle(), this.#options.idleMs).unref();
    this.#serveWaiting();
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

  /** After its first answer. */
  #noteHangUp({ idleSince }: ServerConnection): void {
    if (performance.now() - idleSince < ONE_ANSWER_MS) this.#closesUnsaid = true;
  }

  switched(connection: ServerConnection): void {
    this.#all.delete(connection);
    this.#webSockets.add(connection);
    this.heard += 1;
    this.#serveWaiting();
  }

  gone(connection: ServerConnection): void {
    if (this.#webSockets.delete(connection)) return;
    if (connection.hungUp && connection.carried === 1) this.#noteHangUp(connection);
    this.#all.delete(connection);
    this.#remove([connection]);
    this.#serveWaiting();
  }

  #remove(connections: readonly ServerConnection[]): void {
    for (const connection of connections) {
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
    }
  }
}

/**
 * Whether it runs once though it is sent again (RFC 9110, section 9.2.2; RFC 9112, section 9.3.1). What a socket has taken its server may
 * have read and acted upon, in whatever way the connection ends: a reset tells of bytes that were not read, and these may be the last of
 * many. So of a request that must not run twice only one is sent again of which the socket took nothing. One that crosses with the server's
 * closing of an idle connection fails therefore, as it does with other clients; this one closes its own first (`idleMs`).
 */
function repeatable(lost: ConnectionLost, request: WireRequest): boolean {
  return lost.unsent || (lost.unanswered && IDEMPOTENT.has(request.method));
}
