/**
 * Folders of this thread for what its processes need: packed files and the filter of system calls on disk, sockets in memory. Nobody
 * else may look into them. What a platform that was killed left is removed by the next.
 */
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { memoryFolder, temporaryFolders } from '../memory-folder.ts';
import { removeFolder } from '../remove-folder.ts';
import { isLeftover, ownPrefix } from './leftovers.ts';

export class RunFolder {
  readonly path: string;
  readonly memory: string;
  #next = 0;

  private constructor(path: string, memory: string) {
    this.path = path;
    this.memory = memory;
  }

  static async open(): Promise<RunFolder> {
    await Promise.all(temporaryFolders().map(removeLeftovers));
    return new RunFolder(await mkdtemp(join(tmpdir(), ownPrefix())), await mkdtemp(join(memoryFolder(), ownPrefix())));
  }

  /** A new folder on disk. */
  make(kind: string): Promise<string> {
    return this.#make(this.path, kind);
  }

  /** A new folder for what functions may write: what they do is counted as theirs. */
  makeInMemory(kind: string): Promise<string> {
    return this.#make(this.memory, kind);
  }

  async close(): Promise<void> {
    await removeFolder(this.path);
    await removeFolder(this.memory);
  }

  async #make(parent: string, kind: string): Promise<string> {
    const path = join(parent, `${kind}${this.#next++}`);
    await mkdir(path, { mode: 0o700 });
    return path;
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

async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!isLeftover(name)) continue;
    const path = join(parent, name);
    // Anybody can make a folder there with such a name.
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory() && found.uid === process.getuid?.()) await removeFolder(path);
  }
}
