/**
 * How Fn's functions say that they listen: the name of the socket appears in the folder they share with the host. It is the socket
 * or a link to one beside it, which they make writable first.
 */
import { watch } from 'node:fs';
import { type ListeningSocket, openSocket } from '../http/listening-socket.ts';

/** Begins to watch at once; resolves when the socket is there. @throws HandshakeError; the signal's reason */
export function awaitSocket(folder: string, name: string, signal: AbortSignal): Promise<ListeningSocket> {
  return new Promise((resolve, reject) => {
    let done = false;
    const looks = oneByOne(() => (done ? Promise.resolve() : look()));
    // Of many events, the first that finds the name is its creation.
    const watcher = watch(folder, (_event, changed) => void (changed === name && looks()));
    const aborted = (): void => end(() => Promise.reject(signal.reason));
    watcher.on('error', (cause) => end(() => Promise.reject(cause)));
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    /** What is gone again when it is looked at is waited for. */
    async function look(): Promise<void> {
      try {
        const socket = await openSocket(folder, name);
        if (done) await socket.close();
        else end(() => Promise.resolve(socket));
      } catch (cause) {
        if (!isAbsence(cause)) end(() => Promise.reject(cause));
      }
    }
    function end(outcome: () => Promise<ListeningSocket>): void {
      if (done) return;
      done = true;
      watcher.close();
      signal.removeEventListener('abort', aborted);
      outcome().then(resolve, reject);
    }
  });
}

function isAbsence(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

/** At most one at a time, and one more for all who asked meanwhile: a function can make events faster than they are looked into. */
function oneByOne(look: () => Promise<void>): () => void {
  let looking = false;
  let again = false;
  const next = async (): Promise<void> => {
    looking = true;
    do {
      again = false;
      await look();
    } while (again);
    looking = false;
  };
  return () => {
    again = true;
    if (!looking) void next();
  };
}
