/** What a function has open. Each kind reads, writes and seeks in its own way; who may do what is in its rights. */
import type { Directory, FileNode } from './nodes.ts';
import type { Output } from './output.ts';
import { ERRNO, type Errno, FDFLAGS, GRANTED, MAX_DESCRIPTORS } from './preview1.ts';
import type { FileSystem } from './file-system.ts';

const NOTHING = new Uint8Array(0);

export class StandardInput {
  readonly kind = 'stdin';
  rights: number = GRANTED.stdin;
  flags = 0;
  #position = 0;
  /** Asked anew at each read: the request's bytes may have moved since (see Chain.input). */
  readonly #source: () => Uint8Array | undefined;

  constructor(source: () => Uint8Array | undefined) {
    this.#source = source;
  }

  get available(): number {
    return (this.#source() ?? NOTHING).length - this.#position;
  }

  read(target: Uint8Array): number {
    const source = this.#source() ?? NOTHING;
    const count = Math.min(target.length, source.length - this.#position);
    if (count <= 0) return 0;
    target.set(source.subarray(this.#position, this.#position + count));
    this.#position += count;
    return count;
  }
}

export class StandardOutput {
  readonly kind = 'output';
  rights: number = GRANTED.output;
  flags = 0;
  readonly output: Output;
  /** C libraries buffer by line what goes to a terminal, which is what a log wants and an answer does not. */
  readonly terminal: boolean;

  constructor(output: Output, terminal: boolean) {
    this.output = output;
    this.terminal = terminal;
  }

  write(piece: Uint8Array): Errno {
    return this.output.write(piece);
  }
}

export class OpenFile {
  readonly kind = 'file';
  readonly node: FileNode;
  rights: number;
  flags: number;
  offset = 0;
  readonly #files: FileSystem;

  constructor(node: FileNode, rights: number, flags: number, files: FileSystem) {
    this.node = node;
    this.rights = rights;
    this.flags = flags;
    this.#files = files;
    node.opens++;
  }

  get available(): number {
    return Math.max(0, this.node.size - this.offset);
  }

  read(target: Uint8Array): number {
    const count = this.node.read(this.offset, target);
    this.offset += count;
    return count;
  }

  write(piece: Uint8Array): Errno {
    if ((this.flags & FDFLAGS.append) !== 0) this.offset = this.node.size;
    const errno = this.writeAt(this.offset, piece);
    if (errno === ERRNO.success) this.offset += piece.length;
    return errno;
  }

  writeAt(offset: number, piece: Uint8Array): Errno {
    const { node } = this;
    if (offset + piece.length > (node.quota?.limit ?? 0)) return ERRNO.fbig;
    if (!node.write(offset, piece)) return ERRNO.nospc;
    node.times.modified = this.#files.now();
    return ERRNO.success;
  }

  resize(size: number): Errno {
    const { node } = this;
    if (size > (node.quota?.limit ?? 0)) return ERRNO.fbig;
    if (!node.resize(size)) return ERRNO.nospc;
    node.times.modified = this.#files.now();
    return ERRNO.success;
  }

  close(): void {
    this.node.opens--;
    this.node.releaseIfUnused();
  }
}

export class OpenDirectory {
  readonly kind = 'directory';
  readonly node: Directory;
  readonly preopened: boolean;
  rights: number = GRANTED.directory;
  /** What files opened below it can have at most. */
  inheriting: number = GRANTED.directory | GRANTED.scratchFile;
  flags = 0;

  constructor(node: Directory, preopened: boolean) {
    this.node = node;
    this.preopened = preopened;
  }
}

export type Descriptor = StandardInput | StandardOutput | OpenFile | OpenDirectory;

export class DescriptorTable {
  readonly #open: (Descriptor | undefined)[];

  /** The first ones, from 0 on. */
  constructor(first: Descriptor[]) {
    this.#open = first;
  }

  get(fd: number): Descriptor | undefined {
    return this.#open[fd >>> 0];
  }

  get full(): boolean {
    return this.#free() >= MAX_DESCRIPTORS;
  }

  /** Takes the lowest number that is free, as POSIX wants it; the table must not be full. */
  add(descriptor: Descriptor): number {
    const fd = this.#free();
    this.#open[fd] = descriptor;
    return fd;
  }

  set(fd: number, descriptor: Descriptor): void {
    this.#open[fd] = descriptor;
  }

  close(fd: number): Errno {
    const descriptor = this.get(fd);
    if (!descriptor) return ERRNO.badf;
    this.#open[fd >>> 0] = undefined;
    if (descriptor.kind === 'file') descriptor.close();
    return ERRNO.success;
  }

  /** `to` is closed and becomes what `from` was. */
  renumber(from: number, to: number): Errno {
    const descriptor = this.get(from);
    if (!descriptor || !this.get(to)) return ERRNO.badf;
    if (from >>> 0 === to >>> 0) return ERRNO.success;
    this.close(to);
    this.#open[to >>> 0] = descriptor;
    this.#open[from >>> 0] = undefined;
    return ERRNO.success;
  }

  #free(): number {
    let fd = 0;
    while (fd < this.#open.length && this.#open[fd]) fd++;
    return fd;
  }
}
