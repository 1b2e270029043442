/** HTTP for one engine thread: a listener, its connections, and the sweep that ends those that take too long. */
import { createServer, type Server, type Socket } from 'node:net';
import type { ControlRequest, IngressMetrics, ThreadOptions } from '../../engine/protocol.ts';
import type { WeftError } from '../../model/errors.ts';
import type { Dispatcher, Route } from '../../model/exchange.ts';
import { Connection } from './connection.ts';
import type { ControlClient } from './control-client.ts';
import type { Hub } from './hub.ts';
import { DEFAULT_INGRESS_LIMITS, type IngressLimits } from './limits.ts';
import { startListening, turnAway } from './listening.ts';
import { Arrivals } from './arrivals.ts';
import { Outbox } from './outbox.ts';
import { RequestParser } from './parser.ts';
import { Budget } from './pending-body.ts';
import { StatusLines } from './status-lines.ts';

export interface IngressClock {
  /** Unix time, for the Date header. */
  unixMs(): number;
  /** Monotonic, for timeouts. */
  monotonicMs(): number;
}

export interface IngressNeeds {
  readonly dispatcher: Dispatcher;
  /** Everything that is not `/function/…`. */
  readonly control: (request: ControlRequest, client: ControlClient) => void;
  /** A function set a response that cannot be sent; its client got `error`. For the function's log. */
  readonly badResponse?: (route: Route, error: WeftError) => void;
  readonly clock?: IngressClock;
  readonly limits?: Partial<IngressLimits>;
}

export interface ListenAt {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface Ingress {
  /** The port; 0 when it listens on a local socket. */
  listen(where: ListenAt): Promise<number>;
  /** Accepts nothing more, lets requests end for at most so long, then cuts them off. May be called again with less patience. */
  close(drainMs: number): Promise<void>;
  /** Answers what has been read, and sends the answers that are ready now; before the thread is busy with something else. */
  flush(): void;
  readonly metrics: Readonly<IngressMetrics>;
}

const REAL_CLOCK: IngressClock = { unixMs: () => Date.now(), monotonicMs: () => performance.now() };

export function createIngress(needs: IngressNeeds, kind: ThreadOptions['listen']): Ingress {
  return new HttpIngress(needs, kind);
}

class HttpIngress implements Ingress {
  readonly metrics: IngressMetrics = { open: 0, accepted: 0, turnedAway: 0, requests: 0, refused: {}, cutOff: 0 };
  readonly #kind: ThreadOptions['listen'];
  readonly #clock: IngressClock;
  readonly #limits: IngressLimits;
  readonly #lines: StatusLines;
  readonly #hub: Hub;
  readonly #server: Server;
  readonly #outbox = new Outbox();
  readonly #arrivals = new Arrivals(this.#outbox);
  readonly #connections = new Set<Connection>();
  #now: number;
  #sweep: NodeJS.Timeout | undefined;
  #emptied: (() => void) | null = null;

  constructor(needs: IngressNeeds, kind: ThreadOptions['listen']) {
    this.#kind = kind;
    this.#clock = needs.clock ?? REAL_CLOCK;
    this.#limits = { ...DEFAULT_INGRESS_LIMITS, ...needs.limits };
    this.#now = this.#clock.monotonicMs();
    this.#lines = new StatusLines(() => this.#clock.unixMs());
    this.#hub = this.#createHub(needs);
    // Half-open: a client may end its side once it has asked, and still gets its answer.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  async listen({ host, port }: ListenAt): Promise<number> {
    const where = this.#kind.kind === 'handed' ? { path: this.#kind.path } : { host, port, reusePort: true };
    const bound = await startListening(this.#server, where);
    // Accepting can fail later, when the process has no file descriptor left: the client sees a closed connection, others go on.
    this.#server.on('error', () => {
      this.metrics.turnedAway += 1;
    });
    this.#sweep = setInterval(() => this.#tick(), this.#limits.sweepMs);
    this.#sweep.unref();
    return bound;
  }

  async close(drainMs: number): Promise<void> {
    this.#arrivals.deliver();
    this.#hub.draining = true;
    if (this.#server.listening) this.#server.close();
    for (const connection of this.#connections) connection.drain();
    if (this.#connections.size > 0) await this.#untilEmpty(drainMs);
    for (const connection of this.#connections) connection.destroy();
    clearInterval(this.#sweep);
  }

  flush(): void {
    this.#arrivals.deliver();
    this.#outbox.flush();
  }

  #untilEmpty(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #accept(socket: Socket): void {
    this.metrics.accepted += 1;
    if (this.#connections.size >= this.#limits.connections || this.#hub.draining) {
      this.metrics.turnedAway += 1;
      return turnAway(socket, this.#hub.draining ? 'shutting down' : `${this.#limits.connections} connections are open`);
    }
    this.#connections.add(new Connection(this.#hub, socket));
    this.metrics.open = this.#connections.size;
  }

  #tick(): void {
    this.#now = this.#clock.monotonicMs();
    this.#lines.tick();
    for (const connection of this.#connections) connection.sweep(this.#now);
  }

  #createHub(needs: IngressNeeds): Hub {
    return {
      dispatcher: needs.dispatcher,
      control: needs.control,
      badResponse: needs.badResponse ?? (() => {}),
      limits: this.#limits,
      parser: new RequestParser(this.#limits.headers),
      arrivals: this.#arrivals,
      outbox: this.#outbox,
      lines: this.#lines,
      pendingBodies: new Budget(this.#limits.pendingBodyBytes),
      metrics: this.metrics,
      now: () => this.#now,
      draining: false,
      resets: this.#kind.kind === 'reuse-port',
      left: (connection) => this.#left(connection),
    };
  }

  #left(connection: Connection): void {
    this.#connections.delete(connection);
    this.metrics.open = this.#connections.size;
    if (this.#connections.size === 0) this.#emptied?.();
  }
}
