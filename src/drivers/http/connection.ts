/** One connection to a server, with at most one request on it. */
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { Ending } from '../../engine/ending.ts';
import type { WireReply, WireRequest } from '../wire.ts';
import { encodeRequest } from './encode-request.ts';
import { PatientSocket } from './patient-socket.ts';
import type { ReplyMemo } from './reply-memo.ts';
import { type HeadLimits, ResponseParser, sharedLlhttp, WINDOW_BYTES } from './response-parser.ts';

export type ServerAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** What one read brought of an answer. */
export interface Received {
  /** Once, with the first that is received. */
  readonly head: WireReply | undefined;
  /** Lent: copied, if it is to be kept. */
  readonly piece: Uint8Array;
  /** It was the last. */
  readonly whole: boolean;
}

export interface Receiver {
  /** wait: nothing more until `drained`. stop: the rest is of no interest, and the connection is closed. An error thrown breaks the request off. */
  received(part: Received): 'more' | 'wait' | 'stop';
  drained(): Promise<void>;
  /** Instead of `received`, to a request that asks for it: from here on `server` is a WebSocket's bytes, and the exchange lasts until it is closed. */
  switched?(head: WireReply, server: Duplex): void;
}

/** With these, nobody listens at the address. Others, such as too many open files here, say nothing about the server. */
const NOBODY = new Set(['ECONNREFUSED', 'ENOENT']);

/** The server cannot be reached, or the connection to it broke. */
export class ConnectionLost extends Error {
  /** Nobody connected: the server never saw the request. */
  readonly connected: boolean;
  /** No byte of the request left: the server cannot have begun with it. */
  readonly unsent: boolean;
  /** Nothing of an answer had come. */
  readonly unanswered: boolean;

  constructor(reason: string, facts: { connected: boolean; unsent: boolean; unanswered: boolean }, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'ConnectionLost';
    this.connected = facts.connected;
    this.unsent = facts.unsent;
    this.unanswered = facts.unanswered;
  }

  /** Nobody listens there. */
  get deaf(): boolean {
    return !this.connected && NOBODY.has(this.#code);
  }

  /** So many wait for the server to accept them that there is no room for another: what TCP waits for by itself, a Unix socket refuses. */
  get crowded(): boolean {
    return !this.connected && this.#code === 'EAGAIN';
  }

  get #code(): string {
    return this.cause instanceof Error && 'code' in this.cause ? String(this.cause.code) : '';
  }
}

/** What the server sent is no answer of HTTP/1.1. */
export class MalformedAnswer extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'MalformedAnswer';
  }
}

/** Where all connections of this thread read into: on POSIX a read is asked for, done and handed over in one go. */
const READ_BUFFER = new Uint8Array(WINDOW_BYTES);

/** Called once: with nothing when the answer was received whole, or its receiver wants no more of it, else with what went wrong. */
export type Done = (failure: Error | undefined) => void;

/** Who keeps connections. */
export interface ConnectionKeeper {
  /** Counted up by what a WebSocket brings. */
  heard: number;
  /** It carries a WebSocket, and nothing else any more. */
  switched(connection: ServerConnection): void;
  /** Once, when it is closed. */
  gone(connection: ServerConnection): void;
}

interface Pending {
  readonly receiver: Receiver;
  readonly ending: Ending;
  readonly done: Done;
}

export class ServerConnection {
  /** Since when it waits for its next request, by performance.now(). */
  idleSince = 0;
  /** How many requests it has carried. */
  carried = 0;
  /** Its server closed it while it waited. */
  hungUp = false;
  readonly #socket: PatientSocket;
  readonly #parser: ResponseParser;
  readonly #keeper: ConnectionKeeper;
  #pending: Pending | undefined;
  #connected = false;
  #ended = false;
  #writing = false;
  /** Nothing of the request was taken, not even into the socket. */
  #untaken = false;
  /** Why the server takes no more of it. */
  #refused: NodeJS.ErrnoException | undefined;

  /** `memo`: of that server. */
  constructor(address: ServerAddress, limits: HeadLimits, memo: ReplyMemo, keeper: ConnectionKeeper) {
    this.#keeper = keeper;
    this.#parser = new ResponseParser(sharedLlhttp(), limits, memo);
    const onread = { buffer: READ_BUFFER, callback: (bytes: number): boolean => this.#read(READ_BUFFER.subarray(0, bytes)) };
    this.#socket = new PatientSocket(onread, (cause) => this.#writeFailed(cause));
    if (address.kind === 'unix') this.#socket.connect({ path: address.path });
    else this.#socket.setNoDelay(true).connect({ host: address.host, port: address.port });
    this.#socket.on('connect', () => {
      this.#connected = true;
    });
    this.#socket.on('end', () => this.#serverEnded());
    this.#socket.on('error', (cause: NodeJS.ErrnoException) => this.#lost(cause));
    this.#socket.on('close', () => this.#closed());
  }

  /** Whether it can carry another request. */
  get usable(): boolean {
    return (
      !this.#ended &&
      !this.#refused &&
      !this.#pending &&
      this.#parser.keepAlive &&
      this.#socket.writableLength === 0 &&
      !this.#socket.destroyed
    );
  }

  /** Whether a request is under way that its server may have seen. */
  get exchanging(): boolean {
    return this.#pending !== undefined && this.#connected;
  }

  /** Fails with ConnectionLost, MalformedAnswer, the reason of the ending, what `receiver` throws: the connection is closed then. */
  exchange(request: WireRequest, receiver: Receiver, ending: Ending, done: Done): void {
    this.#pending = { receiver, ending, done };
    this.carried += 1;
    this.#parser.expect(request);
    ending.onEnded = this.#onEnded;
    this.#writing = true;
    this.#write(encodeRequest(request));
    this.#writing = false;
    if (this.#untaken) this.#lost(this.#refused);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #write(pieces: readonly Uint8Array[]): void {
    if (pieces.length > 1) this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    if (pieces.length > 1) this.#socket.uncork();
  }

  /**
   * A server that has heard enough answers, closes, and does not read the rest: the answer is read all the same, to its end. But when not
   * even the first byte was taken, what there is to read was said before, and is no answer.
   */
  #writeFailed(cause: NodeJS.ErrnoException): void {
    // Node writes at once when it can: what fails before `exchange` returns has failed with its first byte.
    this.#untaken = this.#writing;
    this.#refused ??= cause;
  }

  readonly #onEnded = (reason: Error): void => this.#fail(reason);

  /** False: nothing more for now. */
  #read(bytes: Uint8Array): boolean {
    if (!this.#pending) {
      this.destroy();
      return true;
    }
    if (this.#parser.switched) {
      this.#keeper.heard += 1;
      return this.#socket.push(Buffer.from(bytes));
    }
    this.#parser.feed(bytes);
    return this.#parser.switched ? this.#switch(this.#pending) : this.#pass();
  }

  /** The socket is a stream from here on, for whoever carries its bytes: what is read is pushed into it. */
  #switch({ receiver }: Pending): boolean {
    const { head, piece } = this.#parser;
    this.#keeper.switched(this);
    try {
      if (head) receiver.switched?.(head, this.#socket);
    } catch (cause) {
      this.#fail(cause);
    }
    return piece.length === 0 || this.#socket.push(Buffer.from(piece));
  }

  #pass(): boolean {
    const pending = this.#pending;
    const { head, piece, complete, problem } = this.#parser;
    if (!pending) return true;
    let wish: ReturnType<Receiver['received']> = 'more';
    try {
      if (head || piece.length > 0 || complete) wish = pending.receiver.received({ head, piece, whole: complete });
    } catch (cause) {
      this.#fail(cause);
      return true;
    }
    if (problem !== undefined) this.#fail(new MalformedAnswer(problem));
    else if (complete) this.#settle(undefined);
    else if (wish === 'stop') {
      this.destroy();
      this.#settle(undefined);
    } else if (wish === 'wait') {
      void this.#resumeAfter(pending);
      return false;
    }
    return true;
  }

  async #resumeAfter(pending: Pending): Promise<void> {
    try {
      await pending.receiver.drained();
    } catch (cause) {
      if (this.#pending === pending) this.#fail(cause);
      return;
    }
    this.#socket.resume();
  }

  #serverEnded(): void {
    this.#ended = true;
    this.hungUp = !this.#pending;
    if (!this.#pending || this.#parser.switched) return;
    // What broke has not ended: RFC 9112, section 8.
    if (!this.#refused) this.#parser.finish();
    if (this.#parser.complete) this.#pass();
    else this.#lost(this.#refused);
  }

  #lost(cause?: NodeJS.ErrnoException): void {
    // A WebSocket tells its end itself; that of the connection beneath is only its end.
    if (!this.#pending || this.#parser.switched) return;
    const unanswered = !this.#parser.begun;
    const facts = { connected: this.#connected, unsent: !this.#connected || this.#untaken, unanswered };
    this.#fail(new ConnectionLost(lostReason(this.#connected, unanswered, cause), facts, { cause }));
  }

  #closed(): void {
    if (this.#parser.switched) this.#settle(undefined);
    else this.#lost();
    this.#parser.close();
    this.#keeper.gone(this);
  }

  #fail(cause: unknown): void {
    this.destroy();
    this.#settle(cause instanceof Error ? cause : new TypeError(String(cause)));
  }

  #settle(failure: Error | undefined): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    pending.ending.onEnded = undefined;
    pending.done(failure);
  }
}

function lostReason(connected: boolean, unanswered: boolean, cause: NodeJS.ErrnoException | undefined): string {
  if (!connected) return `its server cannot be reached (${cause?.code ?? 'no connection'})`;
  return `its server ${cause ? 'broke' : 'closed'} the connection ${unanswered ? 'without an answer' : 'in the middle of its answer'}`;
}
