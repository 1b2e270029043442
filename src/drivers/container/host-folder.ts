/** Folders of this machine that the containers of a function see parts of: packed files and secrets, and in memory its sockets. */
import { chmod, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryFolder, temporaryFolders } from '../memory-folder.ts';
import { removeFolder } from '../remove-folder.ts';
import type { Owner } from './owner.ts';

const PREFIX = 'weft-container-';

export class HostFolder {
  readonly #disk: string;
  readonly #memory: string;
  #entries = 0;

  private constructor(disk: string, memory: string) {
    this.#disk = disk;
    this.#memory = memory;
  }

  /** Nobody else can enter them: mkdtemp makes them 0700. What is mounted out of them is seen by the container all the same. */
  static async create(owner: Owner): Promise<HostFolder> {
    const prefix = `${PREFIX}${owner.tag}-`;
    return new HostFolder(await mkdtemp(join(tmpdir(), prefix)), await mkdtemp(join(memoryFolder(), prefix)));
  }

  /** A file that whatever user the container runs as can read. */
  async file(content: Uint8Array | string): Promise<string> {
    const path = this.#next(this.#disk);
    await writeFile(path, content);
    await chmod(path, 0o444); // a mode at creation is cut by the umask
    return path;
  }

  /** A folder that whatever user the container runs as can write: what it writes there is counted as its memory. */
  async open(): Promise<string> {
    const path = this.#next(this.#memory);
    await mkdir(path);
    await chmod(path, 0o777);
    return path;
  }

  /** Never rejects. */
  async remove(): Promise<void> {
    await removeFolder(this.#disk);
    await removeFolder(this.#memory);
  }

  #next(parent: string): string {
    return join(parent, String(this.#entries++));
  }
}

/** Folders of platforms that are gone. */
export async function removeLeftFolders(owner: Owner): Promise<void> {
  for (const parent of temporaryFolders()) {
    for (const name of await readdir(parent)) {
      if (!name.startsWith(PREFIX)) continue;
      const tag = name.slice(PREFIX.length, name.lastIndexOf('-'));
      if (await owner.isGone(tag)) await removeFolder(join(parent, name));
    }
  }
}
