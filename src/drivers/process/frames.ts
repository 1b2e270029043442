/** What weft-host and a driver say to each other (sdk/host/README.md): a header of length and type, little endian, then the payload. */
import type { Socket } from 'node:net';

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

export interface FrameReceiver {
  /** `payload` is nothing when it was larger than the channel takes; it was thrown away. It may be kept. */
  frame(type: number, payload: Buffer | undefined): void;
  /** The other end is gone. */
  closed(): void;
}

export class FrameChannel {
  readonly #socket: Socket;
  readonly #most: number;
  readonly #receiver: FrameReceiver;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  /** The payload that is being received. */
  #payload: Buffer | undefined;
  #type = 0;
  #left = 0;
  #taken = 0;

  /** @param most bytes of one payload */
  constructor(socket: Socket, most: number, receiver: FrameReceiver) {
    this.#socket = socket;
    this.#most = most;
    this.#receiver = receiver;
    socket.on('data', (piece: Buffer) => this.#take(piece));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => receiver.closed());
  }

  send(type: number, ...parts: readonly Uint8Array[]): void {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const joined = bytes <= JOINED_BYTES;
    const first = Buffer.allocUnsafe(HEADER_BYTES + (joined ? bytes : 0));
    first.writeUInt32LE(bytes, 0);
    first.writeUInt32LE(type, 4);
    if (joined) {
      let at = HEADER_BYTES;
      for (const part of parts) {
        first.set(part, at);
        at += part.length;
      }
      this.#socket.write(first);
      return;
    }
    this.#socket.cork();
    this.#socket.write(first);
    for (const part of parts) if (part.length > 0) this.#socket.write(part);
    this.#socket.uncork();
  }

  /** Nothing more for now: the other end waits, too. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
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
      // The usual case: it is all here, and nothing has to be copied.
      if (this.#taken === 0 && end - at === this.#left && this.#left <= this.#most) {
        this.#deliver(piece.subarray(at, end));
        at = end;
        continue;
      }
      if (this.#left + this.#taken <= this.#most) {
        this.#payload ??= Buffer.allocUnsafe(this.#left);
        piece.copy(this.#payload, this.#taken, at, end);
      }
      this.#taken += end - at;
      this.#left -= end - at;
      at = end;
      if (this.#left === 0) this.#deliver(this.#payload);
    }
    // An empty payload may end exactly where the piece does.
    if (this.#headerBytes === HEADER_BYTES && this.#left === 0) this.#deliver(piece.subarray(0, 0));
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
    this.#receiver.frame(this.#type, payload);
  }
}
