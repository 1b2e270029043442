/**
 * For systems whose kernel does not share a port between threads (macOS): the control thread accepts, and hands each
 * connection to an engine thread by piping it to that thread's local socket. It reads nothing of what it carries.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { startListening, turnAway } from './listening.ts';

export interface HandoutOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Local sockets of the threads that can take connections now; asked for each connection. */
  readonly paths: () => readonly string[];
  readonly maxConnections: number;
}

export interface Handout {
  listen(): Promise<number>;
  /** Accepts nothing more, waits for the connections there are at most so long, then cuts them off. */
  close(drainMs: number): Promise<void>;
}

export function createHandout(options: HandoutOptions): Handout {
  return new PipingHandout(options);
}

class PipingHandout implements Handout {
  readonly #options: HandoutOptions;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #next = 0;
  #emptied: (() => void) | null = null;

  constructor(options: HandoutOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => this.#accept(client));
  }

  async listen(): Promise<number> {
    const { host, port } = this.#options;
    const bound = await startListening(this.#server, { host, port });
    // Out of file descriptors: this client sees a closed connection, others go on.
    this.#server.on('error', () => {});
    return bound;
  }

  async close(drainMs: number): Promise<void> {
    if (this.#server.listening) this.#server.close();
    if (this.#clients.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, drainMs);
        this.#emptied = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const client of this.#clients) client.destroy();
  }

  #accept(client: Socket): void {
    this.#clients.add(client);
    client.on('error', () => {});
    client.on('close', () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.#emptied?.();
    });
    if (this.#clients.size > this.#options.maxConnections) turnAway(client, `${this.#options.maxConnections} connections are open`);
    else this.#hand(client, this.#options.paths().length);
  }

  /** To the next thread; to the one after it, when that one does not answer. */
  #hand(client: Socket, tries: number): void {
    const paths = this.#options.paths();
    const path = paths[this.#next++ % Math.max(1, paths.length)];
    if (path === undefined || tries === 0) return turnAway(client, 'no engine thread takes connections');
    const thread = connect({ path, allowHalfOpen: true });
    thread.once('error', () => {
      if (!client.destroyed && client.bytesRead === 0) this.#hand(client, tries - 1);
    });
    thread.once('connect', () => {
      thread.removeAllListeners('error');
      carry(client, thread);
    });
  }
}

/** Both ways, with back-pressure; either side may end its half; when one breaks, so does the other. */
function carry(client: Socket, thread: Socket): void {
  thread.on('error', () => client.destroy());
  client.on('error', () => thread.destroy());
  client.on('close', () => thread.destroy());
  client.pipe(thread);
  thread.pipe(client);
}
