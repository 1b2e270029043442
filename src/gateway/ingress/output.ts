/** What goes to one client: small answers gather in the thread's buffer and leave together, large ones in slices. */
import type { Socket } from 'node:net';
import { Outbox } from './outbox.ts';

/** A slow client is judged by whether it takes one of these in time. */
const SLICE_BYTES = 256 * 1024;

export class Output {
  /** The client does not keep up: nothing new should be begun for it. */
  blocked = false;
  /** When it last took something, or `blocked` began. */
  blockedSince = 0;
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #now: () => number;
  /** What lies in the outbox for this client: from `#from` to `#to`, or to its end while this is its writer. */
  #bytes: Buffer | null = null;
  #from = 0;
  #to = 0;
  #backlog: Buffer[] = [];
  #backlogBytes = 0;
  #ending = false;

  constructor(socket: Socket, outbox: Outbox, now: () => number) {
    this.#socket = socket;
    this.#outbox = outbox;
    this.#now = now;
  }

  get queuedBytes(): number {
    return this.#backlogBytes + this.#socket.writableLength;
  }

  /** The outbox with room for `bytes` from its `length` on, which the caller then moves; null when it cannot hold so many. */
  room(bytes: number): Outbox | null {
    if (!Outbox.holds(bytes)) return null;
    const outbox = this.#outbox;
    if (outbox.writer !== this || !outbox.fits(bytes)) {
      // What others wrote since lies between: the piece before goes now.
      this.flush();
      outbox.begin(this, bytes);
      this.#bytes = outbox.bytes;
      this.#from = outbox.length;
    }
    return outbox;
  }

  /** Somebody else writes behind it from now on. */
  seal(): void {
    this.#to = this.#outbox.length;
  }

  /** Sends what gathered at the end of this turn of the event loop, with what gathered for others. */
  flushSoon(): void {
    if (this.#bytes !== null) this.#outbox.flushSoon(this);
  }

  /** The same at once, when nobody else's answers are to be expected in this turn. */
  flushIfAlone(direct: boolean): void {
    if (this.#bytes !== null && this.#outbox.takeLeave(this, direct)) this.flush();
  }

  flush(): void {
    const bytes = this.#bytes;
    if (bytes === null) return;
    this.#bytes = null;
    if (this.#outbox.writer === this) this.seal();
    const [from, to] = [this.#from, this.#to];
    // Bytes that may have to wait must not stay in the shared buffer.
    if (this.blocked || this.#socket.writableLength > 0) this.#queue(Buffer.from(bytes.subarray(from, to)));
    else if (to > from) {
      this.#write(this.#outbox.view(bytes, from, to));
      if (this.#socket.writableLength > 0) this.#outbox.leave(bytes);
    }
    this.#outbox.end(this);
  }

  /** Sends a buffer that nobody changes any more. */
  send(bytes: Buffer): void {
    this.flush();
    this.#queue(bytes);
  }

  /** All that was not sent yet; from here on somebody else writes to the socket, with regard to what it holds. */
  release(): void {
    this.flush();
    for (const bytes of this.#backlog) this.#socket.write(bytes);
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.blocked = false;
  }

  /** After the last answer. */
  end(): void {
    this.flush();
    this.#ending = true;
    if (this.#socket.writableNeedDrain && !this.blocked) this.#block();
    if (!this.blocked) this.#socket.end();
  }

  /** The kernel took what the socket held. */
  drained(): void {
    this.blocked = false;
    this.blockedSince = this.#now();
    this.#pump();
    if (this.#ending && !this.blocked) this.#socket.end();
  }

  drop(): void {
    if (this.#bytes !== null) this.#outbox.end(this);
    this.#outbox.forget(this);
    this.#bytes = null;
    this.#backlog = [];
    this.#backlogBytes = 0;
  }

  #queue(bytes: Buffer): void {
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
    if (!this.blocked) this.#pump();
  }

  #pump(): void {
    while (!this.blocked) {
      const first = this.#backlog.shift();
      if (!first) return;
      const slice = first.length > SLICE_BYTES ? first.subarray(0, SLICE_BYTES) : first;
      if (slice !== first) this.#backlog.unshift(first.subarray(SLICE_BYTES));
      this.#backlogBytes -= slice.length;
      this.#write(slice);
    }
  }

  #write(bytes: Buffer): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    if (!this.#socket.write(bytes)) this.#block();
  }

  #block(): void {
    this.blocked = true;
    this.blockedSince = this.#now();
  }
}
