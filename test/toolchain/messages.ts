/** One message each way on a socket: its length in four bytes, then a value as V8 writes it. Neither side closes before it has its own. */
import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';

const LENGTH_BYTES = 4;

export function send(socket: Socket, value: unknown): void {
  const bytes = serialize(value);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(bytes.length);
  socket.write(Buffer.concat([length, bytes]));
}

/** @throws Error when the other side is gone before all of it came */
export function received(socket: Socket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let count = 0;
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      count += piece.length;
      if (count < LENGTH_BYTES) return;
      const all = Buffer.concat(pieces);
      pieces.splice(0, Infinity, all);
      if (count >= LENGTH_BYTES + all.readUInt32LE()) resolve(deserialize(all.subarray(LENGTH_BYTES)));
    });
    socket.once('close', () => reject(new Error('the other side is gone')));
    socket.once('error', reject);
  });
}
