/**
 * Files and directories in memory. Packed ones are made once per function and shared by all its contexts, so nothing ever
 * writes to them; scratch ones belong to one context and count against its quota.
 */
import type { Quota } from './quota.ts';

/** Since the Unix epoch, nanoseconds. A bigint where a guest set it, so that it reads back what it set. */
export type Timestamp = number | bigint;

export interface Times {
  accessed: Timestamp;
  modified: Timestamp;
}

/** Below this a file's buffer is not worth shrinking. */
const SMALL_BYTES = 4096;
const NOTHING = new Uint8Array(0);

export class FileNode {
  readonly kind = 'file';
  readonly inode: number;
  /** Undefined: packed, read-only. */
  readonly quota: Quota | undefined;
  readonly times: Times;
  size: number;
  /** Descriptors that have it open, and whether a directory names it: storage is given back when neither does. */
  opens = 0;
  linked = true;
  /** At least `size` bytes; behind `size` all are zero. */
  #data: Uint8Array;

  constructor(inode: number, data: Uint8Array, quota: Quota | undefined, now: Timestamp) {
    this.inode = inode;
    this.quota = quota;
    this.times = { accessed: now, modified: now };
    this.#data = data;
    this.size = data.length;
  }

  get writable(): boolean {
    return this.quota !== undefined;
  }

  /** Copies from `offset` into `target`; gives the number of bytes, 0 at the end. */
  read(offset: number, target: Uint8Array): number {
    const count = Math.min(target.length, this.size - offset);
    if (count <= 0) return 0;
    target.set(this.#data.subarray(offset, offset + count));
    return count;
  }

  /** False when the quota is used up; then nothing is written. */
  write(offset: number, source: Uint8Array): boolean {
    if (source.length === 0) return true;
    const end = offset + source.length;
    if (end > this.size && !this.resize(end)) return false;
    this.#data.set(source, offset);
    return true;
  }

  /** False when the quota is used up; then nothing changes. */
  resize(size: number): boolean {
    const { quota } = this;
    if (!quota || !quota.take(size - this.size)) return false;
    if (size > this.#data.length) this.#grow(size, quota.limit);
    else if (size < this.size) this.#shrink(size);
    this.size = size;
    return true;
  }

  #grow(size: number, limit: number): void {
    // Doubling keeps appending linear; the quota bounds it, so that no more than twice the quota is ever held.
    const grown = new Uint8Array(Math.max(size, Math.min(this.#data.length * 2, limit)));
    grown.set(this.size < this.#data.length ? this.#data.subarray(0, this.size) : this.#data);
    this.#data = grown;
  }

  #shrink(size: number): void {
    if (size === 0) this.#data = NOTHING;
    else if (this.#data.length > SMALL_BYTES && size <= this.#data.length / 2) this.#data = this.#data.slice(0, size);
    else this.#data.fill(0, size, this.size);
  }

  /** Gives its storage back if no name and no descriptor leads to it any more. */
  releaseIfUnused(): void {
    if (this.linked || this.opens > 0) return;
    this.quota?.give(this.size);
    this.#data = NOTHING;
    this.size = 0;
  }
}

export interface DirectoryEntry {
  readonly name: string;
  readonly node: FsNode;
  /** Grows with each entry added: what a directory cookie is made of, so that cookies survive changes in between. */
  readonly sequence: number;
}

export class Directory {
  readonly kind = 'directory';
  readonly inode: number;
  readonly writable: boolean;
  readonly times: Times;
  /** Undefined for the root, and for a directory that was removed while it was open. */
  parent: Directory | undefined;
  removed = false;
  readonly #byName = new Map<string, DirectoryEntry>();
  /** By sequence; removed entries leave holes, which are closed when they are the majority. */
  #order: (DirectoryEntry | number)[] = [];
  #next = 0;

  constructor(inode: number, parent: Directory | undefined, writable: boolean, now: Timestamp) {
    this.inode = inode;
    this.parent = parent;
    this.writable = writable;
    this.times = { accessed: now, modified: now };
  }

  get(name: string): FsNode | undefined {
    return this.#byName.get(name)?.node;
  }

  get empty(): boolean {
    return this.#byName.size === 0;
  }

  get count(): number {
    return this.#byName.size;
  }

  /** Sets a name that is not there yet. */
  add(name: string, node: FsNode): void {
    const entry = { name, node, sequence: this.#next++ };
    this.#byName.set(name, entry);
    this.#order.push(entry);
    if (node.kind === 'directory') node.parent = this;
  }

  remove(name: string): void {
    const entry = this.#byName.get(name);
    if (!entry) return;
    this.#byName.delete(name);
    this.#order[this.#indexOf(entry.sequence)] = entry.sequence;
    if (this.#order.length > 16 && this.#order.length > this.#byName.size * 2)
      this.#order = this.#order.filter((e) => typeof e !== 'number');
  }

  /** The first entry whose sequence is at least that. */
  entryFrom(sequence: number): DirectoryEntry | undefined {
    for (let i = this.#indexOf(sequence); i < this.#order.length; i++) {
      const entry = this.#order[i];
      if (typeof entry === 'object') return entry;
    }
    return undefined;
  }

  /** Index of the first element at or behind a sequence. */
  #indexOf(sequence: number): number {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#order[middle] as DirectoryEntry | number; // low ≤ middle < high ≤ length
      if ((typeof entry === 'number' ? entry : entry.sequence) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export type FsNode = FileNode | Directory;
