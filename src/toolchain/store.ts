/**
 * Files by key, in a folder that several processes may share. Written aside and renamed, so that a reader sees all of an entry or
 * none; each begins with the SHA-256 of its content, so that what a crash or a disk damaged is noticed and made anew.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const DIGEST_BYTES = 32;
const MiB = 1024 * 1024;
const MAX_BYTES = 1024 * MiB;
/** How much is left when the least recently used entries go. */
const KEPT_SHARE = 0.75;
/** A file still being written by another process is younger than this. */
const ABANDONED_MS = 60 * 60 * 1000;

export class Store {
  readonly #entries: string;
  readonly #unfinished: string;
  readonly #maxBytes: number;
  /** What other processes write is seen at the next sweep. */
  #bytes = 0;
  #sweeping: Promise<void> | undefined;

  private constructor(dir: string, maxBytes: number) {
    this.#entries = join(dir, 'entries');
    this.#unfinished = join(dir, 'unfinished');
    this.#maxBytes = maxBytes;
  }

  static async open(dir: string, maxBytes: number = MAX_BYTES): Promise<Store> {
    const store = new Store(dir, maxBytes);
    await mkdir(store.#entries, { recursive: true });
    await mkdir(store.#unfinished, { recursive: true });
    store.#sweeping = store.#sweep();
    return store;
  }

  async get(key: string): Promise<Buffer<ArrayBuffer> | undefined> {
    const path = join(this.#entries, key);
    const file = await readFile(path).catch(() => undefined);
    if (!file) return undefined;
    const content = file.subarray(DIGEST_BYTES);
    if (!digest(content).equals(file.subarray(0, DIGEST_BYTES))) {
      await rm(path, { force: true });
      return undefined;
    }
    const now = new Date();
    await utimes(path, now, now).catch(() => {});
    return content;
  }

  /** A full or read-only disk makes builds slower, not impossible. */
  async put(key: string, content: Uint8Array): Promise<void> {
    const aside = join(this.#unfinished, randomUUID());
    try {
      await writeFile(aside, [digest(content), content], { flag: 'wx' });
      await rename(aside, join(this.#entries, key));
      this.#bytes += content.length + DIGEST_BYTES;
    } catch {
      await rm(aside, { force: true });
    }
    if (this.#bytes > this.#maxBytes) this.#sweeping ??= this.#sweep();
  }

  async getJson(key: string): Promise<unknown> {
    const content = await this.get(key);
    return content && (JSON.parse(content.toString('utf8')) as unknown);
  }

  async putJson(key: string, value: unknown): Promise<void> {
    await this.put(key, Buffer.from(JSON.stringify(value)));
  }

  /** Nothing is written any more. */
  async close(): Promise<void> {
    await this.#sweeping;
  }

  /** Counts, and lets the least recently used go when it is too much. */
  async #sweep(): Promise<void> {
    await removeOlder(this.#unfinished, Date.now() - ABANDONED_MS);
    const entries = (await filesIn(this.#entries)).sort((a, b) => a.usedMs - b.usedMs);
    this.#bytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.#bytes > this.#maxBytes) {
      for (const { path, bytes } of entries) {
        if (this.#bytes <= this.#maxBytes * KEPT_SHARE) break;
        await rm(path, { force: true });
        this.#bytes -= bytes;
      }
    }
    this.#sweeping = undefined;
  }
}

const digest = (content: Uint8Array): Buffer => createHash('sha256').update(content).digest();

interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

async function filesIn(dir: string): Promise<StoredFile[]> {
  const names = await readdir(dir).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(dir, name);
      const info = await stat(path).catch(() => undefined); // another process may have removed it
      return info ? [{ path, bytes: info.size, usedMs: info.mtimeMs }] : [];
    }),
  );
  return files.flat();
}

async function removeOlder(dir: string, thanMs: number): Promise<void> {
  for (const { path, usedMs } of await filesIn(dir)) if (usedMs < thanMs) await rm(path, { force: true });
}
