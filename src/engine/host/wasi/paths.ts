/** Opening, listing, creating, removing and renaming by path. */
import type { Runtime } from '../../runtime.ts';
import { OpenDirectory, OpenFile } from './descriptors.ts';
import type { FileSystem } from './file-system.ts';
import type { Directory, FsNode } from './nodes.ts';
import { DIRENT, ERRNO, type Errno, FDFLAGS, FILETYPE, GRANTED, MAX_PATH_BYTES, RIGHTS } from './preview1.ts';
import { type WasiState, wasiOf } from './state.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export function pathImports(runtime: Runtime): Record<string, unknown> {
  const onPath =
    (rights: number, act: (files: FileSystem, base: Directory, path: string) => Errno) =>
    (fd: number, path: number, length: number): Errno => {
      const state = wasiOf(runtime);
      const directory = directoryAt(state, fd, rights);
      if (typeof directory === 'number') return directory;
      const name = pathAt(state, path, length);
      return typeof name === 'number' ? name : act(state.files, directory.node, name);
    };
  return {
    path_open: (
      fd: number,
      _lookup: number,
      path: number,
      length: number,
      oflags: number,
      rights: bigint,
      inheriting: bigint,
      flags: number,
      result: number,
    ): Errno => {
      const state = wasiOf(runtime);
      const { descriptors, files, memory } = state;
      const directory = directoryAt(state, fd, RIGHTS.pathOpen);
      if (typeof directory === 'number') return directory;
      const name = pathAt(state, path, length);
      if (typeof name === 'number') return name;
      const answer = memory.region(result, 4);
      if ((flags & ~FDFLAGS.all) !== 0) return ERRNO.inval;
      if (descriptors.full) return ERRNO.mfile;
      const wanted = Number(BigInt.asUintN(32, rights)) & directory.inheriting;
      const node = files.open(directory.node, name, oflags, (wanted & RIGHTS.fdWrite) !== 0);
      if (typeof node === 'number') return node;
      memory.setU32(
        answer,
        descriptors.add(opened(node, wanted, Number(BigInt.asUintN(32, inheriting)) & directory.inheriting, flags, files)),
      );
      return ERRNO.success;
    },
    path_create_directory: onPath(RIGHTS.pathCreateDirectory, (files, base, path) => files.createDirectory(base, path)),
    path_remove_directory: onPath(RIGHTS.pathRemoveDirectory, (files, base, path) => files.removeDirectory(base, path)),
    path_unlink_file: onPath(RIGHTS.pathUnlinkFile, (files, base, path) => files.unlink(base, path)),
    path_rename: (fd: number, path: number, length: number, newFd: number, newPath: number, newLength: number): Errno => {
      const state = wasiOf(runtime);
      const [from, to] = [directoryAt(state, fd, RIGHTS.pathRenameSource), directoryAt(state, newFd, RIGHTS.pathRenameTarget)];
      if (typeof from === 'number') return from;
      if (typeof to === 'number') return to;
      const [oldName, newName] = [pathAt(state, path, length), pathAt(state, newPath, newLength)];
      if (typeof oldName === 'number') return oldName;
      return typeof newName === 'number' ? newName : state.files.rename(from.node, oldName, to.node, newName);
    },
    fd_readdir: (fd: number, buffer: number, length: number, cookie: bigint, result: number): Errno => {
      const state = wasiOf(runtime);
      const { memory } = state;
      const directory = directoryAt(state, fd, RIGHTS.fdReaddir);
      if (typeof directory === 'number') return directory;
      const answer = memory.region(result, 4);
      memory.setU32(answer, list(directory.node, memory.slice(buffer, length), Number(BigInt.asUintN(64, cookie))));
      return ERRNO.success;
    },
  };
}

/** An open directory with all of those rights. */
export function directoryAt(state: WasiState, fd: number, rights: number): OpenDirectory | Errno {
  const descriptor = state.descriptors.get(fd);
  if (!descriptor) return ERRNO.badf;
  if (descriptor.kind !== 'directory') return ERRNO.notdir;
  return (descriptor.rights & rights) === rights ? descriptor : ERRNO.notcapable;
}

export function pathAt(state: WasiState, pointer: number, length: number): string | Errno {
  if (length >>> 0 > MAX_PATH_BYTES) return ERRNO.nametoolong;
  try {
    const path = decoder.decode(state.memory.slice(pointer, length));
    return path.includes('\0') ? ERRNO.inval : path;
  } catch (cause) {
    if (cause instanceof TypeError) return ERRNO.ilseq;
    throw cause;
  }
}

function opened(node: FsNode, wanted: number, inheriting: number, flags: number, files: FileSystem): OpenFile | OpenDirectory {
  if (node.kind === 'file') return new OpenFile(node, wanted & (node.writable ? GRANTED.scratchFile : GRANTED.packedFile), flags, files);
  const directory = new OpenDirectory(node, false);
  directory.rights &= wanted;
  directory.inheriting = inheriting;
  directory.flags = flags;
  return directory;
}

/** Cookies 0 and 1 are `.` and `..`; behind them, an entry's sequence plus 2. */
const FIRST_ENTRY = 2;

/** Writes entries from a cookie on; the last may be cut off, which tells the guest that there are more. */
function list(directory: Directory, target: Uint8Array, from: number): number {
  let at = 0;
  let cookie = from;
  while (at < target.length) {
    const entry = entryAt(directory, cookie);
    if (!entry) break;
    const bytes = encodeEntry(entry).subarray(0, target.length - at);
    target.set(bytes, at);
    at += bytes.length;
    cookie = entry.next;
  }
  return at;
}

interface Listed {
  readonly name: string;
  readonly inode: number;
  readonly kind: FsNode['kind'];
  readonly next: number;
}

function entryAt(directory: Directory, cookie: number): Listed | undefined {
  if (cookie === 0) return { name: '.', inode: directory.inode, kind: 'directory', next: 1 };
  if (cookie === 1) return { name: '..', inode: (directory.parent ?? directory).inode, kind: 'directory', next: FIRST_ENTRY };
  const entry = directory.entryFrom(cookie - FIRST_ENTRY);
  return entry && { name: entry.name, inode: entry.node.inode, kind: entry.node.kind, next: entry.sequence + FIRST_ENTRY + 1 };
}

function encodeEntry({ name, inode, kind, next }: Listed): Uint8Array {
  const encoded = encoder.encode(name);
  const bytes = new Uint8Array(DIRENT.byteLength + encoded.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(DIRENT.next, BigInt(next), true);
  view.setBigUint64(DIRENT.ino, BigInt(inode), true);
  view.setUint32(DIRENT.nameLength, encoded.length, true);
  view.setUint8(DIRENT.filetype, kind === 'file' ? FILETYPE.regularFile : FILETYPE.directory);
  bytes.set(encoded, DIRENT.byteLength);
  return bytes;
}
