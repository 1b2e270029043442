/**
 * How Fn's functions say that they listen: the name of the socket appears in the folder they share with the host. It is the socket
 * or a link to one beside it, which they make writable first.
 */
import { watch } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ListeningSocket, openSocket } from '../http/listening-socket.ts';

/** Begins to watch at once; resolves when the socket is there. @throws HandshakeError; the signal's reason */
export function awaitSocket(folder: string, name: string, signal: AbortSignal): Promise<ListeningSocket> {
  return new Promise((resolve, reject) => {
    let done = false;
    const watcher = watch(folder, (_event, changed) => {
      // Of many events, the first that finds the name is its creation.
      if (changed === name) void isThere(join(folder, name)).then((there) => there && end(() => openSocket(folder, name)));
    });
    const aborted = (): void => end(() => Promise.reject(signal.reason));
    watcher.on('error', (cause) => end(() => Promise.reject(cause)));
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    function end(outcome: () => Promise<ListeningSocket>): void {
      if (done) return;
      done = true;
      watcher.close();
      signal.removeEventListener('abort', aborted);
      outcome().then(resolve, reject);
    }
  });
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
