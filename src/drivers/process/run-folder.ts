/**
 * A folder of this thread for what its processes need on disk: packed files, sockets, the filter of system calls. Nobody else may
 * look into it. What a platform that was killed left is removed by the next.
 */
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeFolder } from '../remove-folder.ts';
import { isLeftover, ownPrefix } from './leftovers.ts';

export class RunFolder {
  readonly path: string;
  #next = 0;

  private constructor(path: string) {
    this.path = path;
  }

  static async open(): Promise<RunFolder> {
    await removeLeftovers();
    return new RunFolder(await mkdtemp(join(tmpdir(), ownPrefix())));
  }

  /** A new folder in it. */
  async make(kind: string): Promise<string> {
    const path = join(this.path, `${kind}${this.#next++}`);
    await mkdir(path, { mode: 0o700 });
    return path;
  }

  async close(): Promise<void> {
    await removeFolder(this.path);
  }
}

/** Writes what a function may read, below `folder`. The mode does not depend on the umask. */
export async function writeReadable(path: string, content: Uint8Array | string, mode = 0o444): Promise<void> {
  const first = await mkdir(dirname(path), { recursive: true });
  // Whatever the umask is.
  if (first !== undefined) for (let made = dirname(path); made.startsWith(first); made = dirname(made)) await chmod(made, 0o755);
  await writeFile(path, content);
  await chmod(path, mode);
}

/** A folder that processes of `owner` write to. */
export async function makeWritable(path: string, owner: { readonly uid: number; readonly gid: number } | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (owner) await chown(path, owner.uid, owner.gid);
}

async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!isLeftover(name)) continue;
    const path = join(tmpdir(), name);
    // Anybody can make a folder there with such a name.
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory() && found.uid === process.getuid?.()) await removeFolder(path);
  }
}
