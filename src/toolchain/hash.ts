/** SHA-256 of files and of what keys are made from. */
import { createHash, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { regularFile } from './regular-file.ts';

/** Of parts in order; where one ends counts, so that moving a byte from one to the next changes the hash. */
export function keyOf(...parts: readonly (string | Uint8Array | readonly string[])[]): string {
  const all = createHash('sha256');
  for (const part of parts) {
    const bytes = part instanceof Uint8Array ? part : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part));
    all.update(`${bytes.length}:`).update(bytes);
  }
  return all.digest('hex');
}

export const hashOf = (content: Uint8Array): string => hash('sha256', content, 'hex');

interface Known {
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly size: number;
  readonly inode: number;
  readonly hash: string;
}

const MAX_KNOWN = 50_000;
/** A file changed so shortly ago may change again without its times telling. */
const SETTLED_MS = 2000;

/**
 * Hashes of files, remembered as long as the file's times and size stay. Synchronous: it looks at a few dozen small files
 * per build, where a promise for each would take longer than the reading.
 */
export class FileHashes {
  readonly #known = new Map<string, Known>();

  /** Undefined when there is no such file, or it cannot be read. */
  of(path: string): string | undefined {
    const info = regularFile(path);
    if (!info) return undefined;
    const { mtimeMs, ctimeMs, size, ino: inode } = info;
    const known = this.#known.get(path);
    if (known && known.mtimeMs === mtimeMs && known.ctimeMs === ctimeMs && known.size === size && known.inode === inode) return known.hash;
    return this.#read(path, { mtimeMs, ctimeMs, size, inode });
  }

  #read(path: string, seen: Omit<Known, 'hash'>): string | undefined {
    try {
      const found = hashOf(readFileSync(path));
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      if (Date.now() - Math.max(seen.mtimeMs, seen.ctimeMs) > SETTLED_MS) this.#known.set(path, { ...seen, hash: found });
      return found;
    } catch {
      return undefined;
    }
  }
}
