/** A connection that became a WebSocket: bytes go from the client to the function's server and back, and nobody here understands them. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A client that is gone without a word is found out after this and what the system adds. */
const PROBE_MS = 30_000;

export interface TunnelEvents {
  /** The server takes nothing more for now, or takes again. */
  paused(paused: boolean): void;
  /** It has ended: the client is told when it has all that came from it. */
  ended(): void;
}

export class Tunnel {
  readonly #client: Socket;
  readonly #server: Duplex;
  readonly #now: () => number;
  /** Since when one side makes the other wait. */
  #waitsSince: number;
  #clientEnded = false;

  /** Owns `server`. */
  constructor(client: Socket, server: Duplex, now: () => number, events: TunnelEvents) {
    this.#client = client;
    this.#server = server;
    this.#now = now;
    this.#waitsSince = now();
    client.setKeepAlive(true, PROBE_MS);
    server.on('error', () => {}); // `close` follows
    server.on('end', () => server.destroy());
    server.on('close', () => events.ended());
    server.on('drain', () => events.paused(false));
    client.on('drain', () => this.#goesOn());
    server.pipe(client, { end: false });
  }

  /** `lent` until this returns. False: no more for now. */
  toServer(lent: Uint8Array): boolean {
    return this.#server.destroyed || this.#server.write(Buffer.from(lent));
  }

  /** The client says no more. */
  clientEnded(): void {
    this.#goesOn();
    this.#clientEnded = true;
    this.#server.end();
  }

  /** For how long the client has taken nothing of what there is for it, or the server has not ended though its client has. */
  get waitedMs(): number {
    if (!this.#client.writableNeedDrain) this.#goesOn();
    return this.#now() - this.#waitsSince;
  }

  #goesOn(): void {
    if (!this.#clientEnded) this.#waitsSince = this.#now();
  }

  destroy(): void {
    this.#server.destroy();
  }
}
