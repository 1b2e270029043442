/**
 * How Fn's functions say that they listen: the name of the socket appears in the folder they share with the host. It is the socket
 * or a link to one beside it, which they make writable first. The function is not trusted: what is looked at here is what is connected to.
 */
import { watch } from 'node:fs';
import { constants, type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Linux: a handle on a file of any kind, which opens nothing. Node has no name for it. */
const O_PATH = 0o10_000_000;

/** The function did something else than the handshake. */
export class HandshakeError extends Error {}

export interface ListeningSocket {
  /** Leads to the very file that was looked at, whatever becomes of its name. */
  readonly path: string;
  close(): Promise<void>;
}

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

async function openSocket(folder: string, name: string): Promise<ListeningSocket> {
  const path = join(folder, await targetOf(join(folder, name), name));
  // Not through a link that the function may put there meanwhile: it could lead to another socket of this machine.
  const handle = await open(path, O_PATH | constants.O_NOFOLLOW).catch((cause: unknown) => {
    throw new HandshakeError(`${name} leads nowhere`, { cause });
  });
  if (!(await handle.stat()).isSocket()) {
    await handle.close();
    throw new HandshakeError(`${name} is no socket`);
  }
  return { path: reachable(handle, path), close: () => handle.close() };
}

/** A link may lead to a file beside it, and nowhere else. */
async function targetOf(path: string, name: string): Promise<string> {
  if (!(await lstat(path)).isSymbolicLink()) return name;
  const target = await readlink(path);
  if (dirname(target) !== '.')
    throw new HandshakeError(`${name} is a link to ${target}; it must be relative, to a file in the same folder`);
  return basename(target);
}

function reachable(handle: FileHandle, path: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path;
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
