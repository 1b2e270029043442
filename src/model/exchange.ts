import type { Duplex } from 'node:stream';

/**
 * One request on its way through an engine thread, and the place its answer goes.
 * The ingress makes it, the engine consumes it; internal calls and tests make their own.
 */
export interface Exchange {
  /**
   * Request line and header block as text (see docs/guest-abi.md, `in_head`), validated.
   * Borrowed: valid only until `dispatch` returns; who needs it later copies it.
   */
  readonly head: Uint8Array;
  /** The whole body, already within the function's limit. Borrowed like `head`. */
  readonly body: Uint8Array;
  readonly method: string;
  /** Path below the function's name ("" or "/sub/path") and raw query without "?" ("" when there is none). */
  readonly path: string;
  readonly query: string;
  /** Address of the client, where there is one. */
  readonly client?: string | undefined;

  /**
   * Answers the whole request at once. `head` is header lines (`Name: value\r\n`…) or empty; both views are copied before this returns.
   * At most one of `respond`, `begin` and `toWebSocket` is called, once. After the client is gone all of these do nothing.
   */
  respond(status: number, head: Uint8Array, body: Uint8Array): void;
  /** Starts a streamed answer; then `write` for each piece and `end`. */
  begin(status: number, head: Uint8Array): void;
  /** Copies a piece; false when the client is slow: then wait for `drained` before the next. */
  write(piece: Uint8Array): boolean;
  drained(): Promise<void>;
  end(): void;
  /**
   * There when the client offers to go on with WebSocket's frames (RFC 6455, section 4.1); whoever ignores that answers as always. Takes the
   * offer, with header lines for the answer 101: from then on what the client sends goes to `server`, and what `server` sends to the client,
   * until one of them ends. `server` is given away, and closed in any case: that is the exchange's end.
   */
  readonly toWebSocket?: ToWebSocket | undefined;
  /** The answer broke off in the middle of a stream: close the connection, never pretend it is whole. */
  abort(): void;
  /** True once the client hung up. */
  readonly closed: boolean;
  /** Called when the client is gone before its answer was whole; set by who works for it. */
  onHungUp: (() => void) | null;
}

export type ToWebSocket = (head: Uint8Array, server: Duplex) => void;

/** What the ingress needs to know of a function before it reads a body. */
export interface Route {
  readonly name: string;
  readonly maxRequestBytes: number;
}

/** The engine as the ingress sees it. */
export interface Dispatcher<R extends Route = Route> {
  /** The function of that name, or nothing (404). */
  route(name: string): R | undefined;
  /** Takes the request over; always ends in one answer. Never throws. */
  dispatch(route: R, exchange: Exchange): void;
}
