/** What goes to a client: small answers gather in one buffer of the thread and leave in one write, large ones in slices. */
import type { Socket } from 'node:net';

const SCRATCH_BYTES = 16 * 1024;
const MAX_VIEW_BYTES = 1024;
/** A slow client is judged by whether it takes one of these in time. */
const SLICE_BYTES = 256 * 1024;

/** One per thread. The kernel mostly takes a write at once, so the same bytes serve the next connection. */
export class Scratch {
  bytes = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  length = 0;
  owner: Output | null = null;
  /** Views of the beginning by their length: answers are often as long as others before. */
  #views: (Buffer | undefined)[] = [];

  take(): Buffer {
    const { length } = this;
    this.owner = null;
    this.length = 0;
    const known = this.#views[length];
    if (known) return known;
    const view = this.bytes.subarray(0, length);
    if (length <= MAX_VIEW_BYTES) this.#views[length] = view;
    return view;
  }

  /** The socket keeps the bytes until the kernel takes them. */
  replace(): void {
    this.bytes = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    this.#views = [];
  }
}

export class Output {
  /** The client does not keep up: nothing new should be begun for it. */
  blocked = false;
  /** When it last took something, or `blocked` began. */
  blockedSince = 0;
  readonly #socket: Socket;
  readonly #scratch: Scratch;
  readonly #now: () => number;
  #backlog: Buffer[] = [];
  #backlogBytes = 0;
  #ending = false;

  constructor(socket: Socket, scratch: Scratch, now: () => number) {
    this.#socket = socket;
    this.#scratch = scratch;
    this.#now = now;
  }

  get queuedBytes(): number {
    return this.#backlogBytes + this.#socket.writableLength;
  }

  /** There is something to flush. */
  get pending(): boolean {
    return this.#scratch.owner === this && this.#scratch.length > 0;
  }

  /** The thread's buffer with room for `bytes` from `scratch.length` on, which the caller then moves; null when it cannot hold so many. */
  room(bytes: number): Scratch | null {
    if (bytes > SCRATCH_BYTES) return null;
    const scratch = this.#scratch;
    if (scratch.owner !== this) {
      scratch.owner?.flush();
      scratch.owner = this;
    } else if (scratch.length + bytes > SCRATCH_BYTES) {
      this.flush();
      scratch.owner = this;
    }
    return scratch;
  }

  flush(): void {
    const scratch = this.#scratch;
    if (scratch.owner !== this) return;
    const bytes = scratch.take();
    if (bytes.length === 0) return;
    // Bytes that may have to wait must not stay in the shared buffer.
    if (this.blocked || this.#socket.writableLength > 0) this.#queue(Buffer.from(bytes));
    else {
      this.#write(bytes);
      if (this.#socket.writableLength > 0) scratch.replace();
    }
  }

  /** Sends a buffer that nobody changes any more. */
  send(bytes: Buffer): void {
    this.flush();
    this.#queue(bytes);
  }

  /** After the last answer. */
  end(): void {
    this.flush();
    this.#ending = true;
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
    if (this.#scratch.owner === this) this.#scratch.take();
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
    if (this.#socket.write(bytes)) return;
    this.blocked = true;
    this.blockedSince = this.#now();
  }
}
