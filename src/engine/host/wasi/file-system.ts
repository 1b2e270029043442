/**
 * What a function sees below `/`: its packed files, read-only, and a scratch folder `/tmp` of its own that rollback erases.
 * Paths are relative to a directory and never lead out of it; there are no links. Answers are those of Linux where
 * preview 1 leaves a choice, because C programs expect them.
 */
import { Directory, FileNode, type FsNode, type Timestamp } from './nodes.ts';
import { SCRATCH_INODE, SCRATCH_NAME } from './packed-files.ts';
import { ERRNO, type Errno, MAX_NAME_BYTES, OFLAGS } from './preview1.ts';
import { NODE_BYTES, Quota } from './quota.ts';

/** Scratch inodes begin behind any packed one. */
const FIRST_SCRATCH_INODE = 0x1_0000_0000;
const NOTHING = new Uint8Array(0);

/** Where a path leads: the name in its parent, and the node if there is one. */
interface Place {
  readonly parent: Directory;
  /** `.` or `..` when the path ends so: there is a node, but nothing to create, remove or rename. */
  readonly name: string;
  readonly node: FsNode | undefined;
  readonly trailingSlash: boolean;
}

export class FileSystem {
  readonly root: Directory;
  readonly now: () => Timestamp;
  readonly #scratch: Directory;
  readonly #quota: Quota;
  #nextInode = FIRST_SCRATCH_INODE;

  constructor(root: Directory, scratchBytes: number, now: () => Timestamp) {
    this.root = root;
    this.now = now;
    this.#quota = new Quota(scratchBytes);
    this.#scratch = new Directory(SCRATCH_INODE, this.root, true, now());
  }

  /** The node at a path. */
  find(base: Directory, path: string): FsNode | Errno {
    const place = this.#locate(base, path);
    if (typeof place === 'number') return place;
    const { node, trailingSlash } = place;
    if (!node) return ERRNO.noent;
    return trailingSlash && node.kind === 'file' ? ERRNO.notdir : node;
  }

  /** The node to open, created or emptied as `oflags` say. */
  open(base: Directory, path: string, oflags: number, toWrite: boolean): FsNode | Errno {
    const place = this.#locate(base, path);
    if (typeof place === 'number') return place;
    if (place.trailingSlash && !isDots(place.name) && (oflags & OFLAGS.creat) !== 0) return ERRNO.isdir;
    return place.node ? openExisting(place.node, place, oflags, toWrite, this.now) : this.#create(place, oflags);
  }

  #create(place: Place, oflags: number): FsNode | Errno {
    if ((oflags & OFLAGS.creat) === 0) return ERRNO.noent;
    if ((oflags & OFLAGS.directory) !== 0) return ERRNO.inval;
    const refused = this.#refusesNew(place);
    if (refused !== ERRNO.success) return refused;
    const file = new FileNode(this.#nextInode++, NOTHING, this.#quota, this.now());
    this.#link(place, file);
    return file;
  }

  createDirectory(base: Directory, path: string): Errno {
    const place = this.#locate(base, path);
    if (typeof place === 'number') return place;
    if (place.node) return ERRNO.exist;
    const refused = this.#refusesNew(place);
    if (refused === ERRNO.success) this.#link(place, new Directory(this.#nextInode++, place.parent, true, this.now()));
    return refused;
  }

  removeDirectory(base: Directory, path: string): Errno {
    const place = this.#locate(base, path);
    if (typeof place === 'number') return place;
    const { node, parent, name } = place;
    if (!node) return ERRNO.noent;
    if (name === '.') return ERRNO.inval;
    if (name === '..') return ERRNO.notempty;
    if (node.kind === 'file') return ERRNO.notdir;
    if (!parent.writable) return ERRNO.rofs;
    if (!node.empty) return ERRNO.notempty;
    this.#discard(place, node);
    return ERRNO.success;
  }

  unlink(base: Directory, path: string): Errno {
    const place = this.#locate(base, path);
    if (typeof place === 'number') return place;
    const { node, parent, trailingSlash } = place;
    if (!node) return ERRNO.noent;
    if (node.kind === 'directory') return ERRNO.isdir;
    if (trailingSlash) return ERRNO.notdir;
    if (!parent.writable) return ERRNO.rofs;
    this.#discard(place, node);
    return ERRNO.success;
  }

  rename(oldBase: Directory, oldPath: string, newBase: Directory, newPath: string): Errno {
    const from = this.#locate(oldBase, oldPath);
    if (typeof from === 'number') return from;
    const to = this.#locate(newBase, newPath);
    if (typeof to === 'number') return to;
    if (isDots(from.name) || isDots(to.name)) return ERRNO.busy;
    const { node } = from;
    if (!node) return ERRNO.noent;
    if (!from.parent.writable || !to.parent.writable) return ERRNO.rofs;
    const refused = refusesRename(node, from, to);
    if (refused !== ERRNO.success || to.node === node) return refused;
    if (to.node) this.#discard(to, to.node);
    from.parent.remove(from.name);
    to.parent.add(to.name, node);
    from.parent.times.modified = to.parent.times.modified = this.now();
    return ERRNO.success;
  }

  #refusesNew({ parent }: Place): Errno {
    if (!parent.writable) return ERRNO.rofs;
    if (parent.removed) return ERRNO.noent;
    return this.#quota.take(NODE_BYTES) ? ERRNO.success : ERRNO.nospc;
  }

  #link({ parent, name }: Place, node: FsNode): void {
    parent.add(name, node);
    parent.times.modified = this.now();
  }

  #discard({ parent, name }: Place, node: FsNode): void {
    parent.remove(name);
    parent.times.modified = this.now();
    this.#quota.give(NODE_BYTES);
    if (node.kind === 'directory') {
      node.removed = true;
      node.parent = undefined;
    } else {
      node.linked = false;
      node.releaseIfUnused();
    }
  }

  #locate(base: Directory, path: string): Place | Errno {
    if (path === '') return ERRNO.noent;
    if (path.startsWith('/')) return ERRNO.notcapable;
    const parts = path.split('/').filter((part) => part !== '');
    const name = parts.pop() ?? '.';
    let directory = base;
    for (const part of parts) {
      const next = this.#step(directory, part, base);
      if (typeof next === 'number') return next;
      if (!next) return ERRNO.noent;
      if (next.kind === 'file') return ERRNO.notdir;
      directory = next;
    }
    const node = this.#step(directory, name, base);
    if (typeof node === 'number') return node;
    return { parent: directory, name, node, trailingSlash: path.endsWith('/') };
  }

  #step(directory: Directory, name: string, base: Directory): FsNode | Errno | undefined {
    if (name === '.') return directory;
    if (name === '..') return directory === base ? ERRNO.notcapable : directory.parent;
    if (tooLong(name)) return ERRNO.nametoolong;
    return directory === this.root && name === SCRATCH_NAME ? this.#scratch : directory.get(name);
  }
}

function openExisting(node: FsNode, { trailingSlash }: Place, oflags: number, toWrite: boolean, now: () => Timestamp): FsNode | Errno {
  const truncates = (oflags & OFLAGS.trunc) !== 0;
  if ((oflags & OFLAGS.creat) !== 0 && (oflags & OFLAGS.excl) !== 0) return ERRNO.exist;
  if (node.kind === 'directory') {
    const asDirectory = (oflags & OFLAGS.directory) !== 0;
    return truncates || (oflags & OFLAGS.creat) !== 0 || (toWrite && !asDirectory) ? ERRNO.isdir : node;
  }
  if (trailingSlash || (oflags & OFLAGS.directory) !== 0) return ERRNO.notdir;
  if (!node.writable && (toWrite || truncates)) return ERRNO.rofs;
  if (truncates) {
    node.resize(0);
    node.times.modified = now();
  }
  return node;
}

function refusesRename(node: FsNode, from: Place, to: Place): Errno {
  if (to.parent.removed) return ERRNO.noent;
  if (node.kind === 'file') {
    if (from.trailingSlash || to.trailingSlash) return ERRNO.notdir;
    return to.node?.kind === 'directory' ? (isWithin(from.parent, to.node) ? ERRNO.notempty : ERRNO.isdir) : ERRNO.success;
  }
  if (isWithin(to.parent, node)) return ERRNO.inval;
  if (!to.node || to.node === node) return ERRNO.success;
  if (to.node.kind === 'file') return ERRNO.notdir;
  return to.node.empty ? ERRNO.success : ERRNO.notempty;
}

function isWithin(directory: Directory, ancestor: Directory): boolean {
  for (let at: Directory | undefined = directory; at; at = at.parent) if (at === ancestor) return true;
  return false;
}

function isDots(name: string): boolean {
  return name === '.' || name === '..';
}

function tooLong(name: string): boolean {
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  return name.length * 3 > MAX_NAME_BYTES && Buffer.byteLength(name) > MAX_NAME_BYTES;
}
