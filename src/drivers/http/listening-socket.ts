/**
 * A socket that a function made in a folder it shares with the host, as itself or as a link to one beside it. The function is not
 * trusted: what is looked at here is what is connected to, whatever it puts there meanwhile. A link of its own could otherwise lead the
 * platform, and with it the function's clients, to any other socket of this machine.
 */
import { constants, type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Linux: a handle on a file of any kind, which opens nothing. Node has no name for it. */
const O_PATH = 0o10_000_000;

/** What is there is no socket, or leads elsewhere. */
export class HandshakeError extends Error {}

export interface ListeningSocket {
  /** Leads to the very file that was looked at, whatever becomes of its name. */
  readonly path: string;
  close(): Promise<void>;
}

/** @throws HandshakeError; ENOENT when nothing is there */
export async function openSocket(folder: string, name: string): Promise<ListeningSocket> {
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
