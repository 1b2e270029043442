/**
 * A client's socket that reads into one buffer for all clients of the thread. `net.Server` makes sockets that allocate 64 KiB for
 * each read and give most of them back: 1 to 2 µs a request. To read into a given buffer (`onread`) is an option of sockets that one
 * makes oneself; so one is made around what was accepted.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import { READ_BUFFER, takeRead } from './read-buffer.ts';

/** What Node gives its own sockets. Not documented; that it is there, and does what is said here, every test of the ingress shows. */
interface WithHandle {
  _handle: object | null;
}

/**
 * `accepted` has not begun to read (`pauseOnConnect`), and is of no use afterwards.
 * @param received gets what a read brought, lent until it returns
 */
export function adopt(accepted: Socket, received: (bytes: Uint8Array) => void): Socket {
  const from = accepted as unknown as WithHandle;
  const handle = from._handle;
  from._handle = null;
  accepted.destroy();
  const callback = (bytes: number): boolean => {
    received(takeRead(bytes));
    return true;
  };
  const options = { handle, allowHalfOpen: true, onread: { buffer: READ_BUFFER, callback } };
  return new Socket(options as unknown as SocketConstructorOpts).resume();
}
