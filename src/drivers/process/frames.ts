/** What weft-host and a driver say to each other (sdk/host/README.md): a header of length and type, little endian, then the payload. */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { openPipe, type Pipe } from './pipe.ts';

export const FRAME = {
  run: 1,
  call: 2,
  invoked: 3,
  kill: 4,
  feed: 5,
  ready: 16,
  stdout: 17,
  stderr: 18,
  end: 19,
  result: 20,
  invoke: 21,
} as const;

const HEADER_BYTES = 8;
/** Up to here header and payload are copied into one buffer, and are one write. */
const JOINED_BYTES = 32 * 1024;

const NOTHING = Buffer.alloc(0);
const READ_BYTES = 64 * 1024;

/** Where all channels of this thread read into: a read is done and handed over in one go. A buffer for each costs a third of a message's time. */
const READ_BUFFER = Buffer.alloc(READ_BYTES);

/** File descriptors: where the other side reads, and where it writes. */
export type HostEnds = readonly [reader: number, writer: number];

export interface FrameReceiver {
  /** `payload` is nothing when it was larger than the channel takes; it was thrown away. It may be kept. */
  frame(type: number, payload: Buffer | undefined): void;
  /** The other end is gone. */
  closed(): void;
}

export class FrameChannel {
  receiver: FrameReceiver | undefined;
  /** More had come when a frame is received: its sender did not wait for an answer. */
  more = false;
  readonly #reader: Socket;
  readonly #writer: Socket;
  readonly #most: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  /** The payload that is being received. */
  #payload: Buffer | undefined;
  #type = 0;
  #left = 0;
  #taken = 0;

  /** @param most bytes of one payload */
  private constructor(from: Pipe, to: Pipe, most: number) {
    this.#most = most;
    const callback = (bytes: number): boolean => {
      this.#take(READ_BUFFER.subarray(0, bytes));
      return true;
    };
    this.#reader = new Socket({ fd: from.reader, writable: false, onread: { buffer: READ_BUFFER, callback } });
    this.#writer = new Socket({ fd: to.writer, readable: false });
    for (const end of [this.#reader, this.#writer]) {
      end.on('error', () => {}); // 'close' follows
      end.on('close', () => this.close());
    }
    this.#reader.on('close', () => this.receiver?.closed());
    this.#reader.resume();
  }

  /**
   * A channel, and the ends of it that a process is to be given as descriptors 3 and 4; the caller closes them here. Two pipes, as a message
   * through a pipe costs a microsecond less than one through a socket.
   * @param path where nobody has anything, for as long as this takes
   */
  static async open(path: string, most: number): Promise<{ readonly channel: FrameChannel; readonly theirs: HostEnds }> {
    const to = await openPipe(`${path}.in`);
    const from = await openPipe(`${path}.out`).catch((cause: unknown) => {
      closeSync(to.reader);
      closeSync(to.writer);
      throw cause;
    });
    return { channel: new FrameChannel(from, to, most), theirs: [to.reader, from.writer] };
  }

  /** The payload is up to three parts. Those of a long one are nobody's to change until they are written. */
  send(type: number, one: Uint8Array = NOTHING, two: Uint8Array = NOTHING, three: Uint8Array = NOTHING): void {
    const bytes = one.length + two.length + three.length;
    const joined = bytes <= JOINED_BYTES;
    const first = Buffer.allocUnsafe(HEADER_BYTES + (joined ? bytes : 0));
    first.writeUInt32LE(bytes, 0);
    first.writeUInt32LE(type, 4);
    if (joined) {
      first.set(one, HEADER_BYTES);
      first.set(two, HEADER_BYTES + one.length);
      first.set(three, HEADER_BYTES + one.length + two.length);
      this.#writer.write(first);
      return;
    }
    this.#writer.cork();
    this.#writer.write(first);
    for (const part of [one, two, three]) if (part.length > 0) this.#writer.write(part);
    this.#writer.uncork();
  }

  /** Whether the other end has not read all that it was sent, and the system's buffer is full of it. */
  get congested(): boolean {
    return this.#writer.writableLength > 0;
  }

  /** Nothing more for now: the other end waits, too. */
  pause(): void {
    this.#reader.pause();
  }

  resume(): void {
    this.#reader.resume();
  }

  close(): void {
    this.#reader.destroy();
    this.#writer.destroy();
  }

  #take(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) {
      if (this.#headerBytes < HEADER_BYTES) {
        const end = Math.min(piece.length, at + HEADER_BYTES - this.#headerBytes);
        piece.copy(this.#header, this.#headerBytes, at, end);
        this.#headerBytes += end - at;
        at = end;
        if (this.#headerBytes < HEADER_BYTES) return;
        this.#begin();
      }
      const end = Math.min(piece.length, at + this.#left);
      // The usual case: it is all here.
      if (this.#taken === 0 && end - at === this.#left && this.#left <= this.#most) {
        const payload = Buffer.from(piece.subarray(at, end));
        at = end;
        this.more = at < piece.length;
        this.#deliver(payload);
        continue;
      }
      if (this.#left + this.#taken <= this.#most) {
        this.#payload ??= Buffer.allocUnsafe(this.#left);
        piece.copy(this.#payload, this.#taken, at, end);
      }
      this.#taken += end - at;
      this.#left -= end - at;
      at = end;
      this.more = at < piece.length;
      if (this.#left === 0) this.#deliver(this.#payload);
    }
    // An empty payload may end exactly where the piece does.
    if (this.#headerBytes === HEADER_BYTES && this.#left === 0) this.#deliver(NOTHING);
  }

  #begin(): void {
    this.#left = this.#header.readUInt32LE(0);
    this.#type = this.#header.readUInt32LE(4);
    this.#taken = 0;
    this.#payload = undefined;
  }

  #deliver(payload: Buffer | undefined): void {
    this.#headerBytes = 0;
    this.#left = 0;
    this.#taken = 0;
    this.#payload = undefined;
    this.receiver?.frame(this.#type, payload);
  }
}
