/** A folder of this machine that the containers of a function see parts of: packed files, secrets, the function's socket. */
import { chmod, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeFolder } from '../remove-folder.ts';
import type { Owner } from './owner.ts';

const PREFIX = 'weft-container-';

export class HostFolder {
  readonly path: string;
  #entries = 0;

  private constructor(path: string) {
    this.path = path;
  }

  /** Nobody else can enter it: mkdtemp makes it 0700. What is mounted out of it is seen by the container all the same. */
  static async create(owner: Owner): Promise<HostFolder> {
    return new HostFolder(await mkdtemp(join(tmpdir(), `${PREFIX}${owner.tag}-`)));
  }

  /** A file that whatever user the container runs as can read. */
  async file(content: Uint8Array | string): Promise<string> {
    const path = this.#next();
    await writeFile(path, content);
    await chmod(path, 0o444); // a mode at creation is cut by the umask
    return path;
  }

  /** A folder that whatever user the container runs as can write. */
  async open(): Promise<string> {
    const path = this.#next();
    await mkdir(path);
    await chmod(path, 0o777);
    return path;
  }

  /** Never rejects. */
  async remove(): Promise<void> {
    await removeFolder(this.path);
  }

  #next(): string {
    return join(this.path, String(this.#entries++));
  }
}

/** Folders of platforms that are gone. */
export async function removeLeftFolders(owner: Owner): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const tag = name.slice(PREFIX.length, name.lastIndexOf('-'));
    if (await owner.isGone(tag)) await removeFolder(join(tmpdir(), name));
  }
}
