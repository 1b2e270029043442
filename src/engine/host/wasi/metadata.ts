/** What a descriptor or a path is: types, rights, flags, sizes, times; and closing and renumbering. */
import type { Runtime } from '../../runtime.ts';
import type { Descriptor } from './descriptors.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { FsNode, Times, Timestamp } from './nodes.ts';
import { directoryAt, pathAt } from './paths.ts';
import { CLOCK, ERRNO, type Errno, FDFLAGS, FDSTAT, FILESTAT, FILETYPE, FSTFLAGS, PRESTAT, RIGHTS } from './preview1.ts';
import { type WasiState, wasiOf } from './state.ts';

const DEVICE = 1;
/** Name of the one folder that is open from the start. */
const ROOT_NAME = '/'.charCodeAt(0);

export function metadataImports(runtime: Runtime): Record<string, unknown> {
  const isPreopened = (fd: number): boolean => {
    const descriptor = wasiOf(runtime).descriptors.get(fd);
    return descriptor?.kind === 'directory' && descriptor.preopened;
  };
  return {
    fd_close: (fd: number): Errno => wasiOf(runtime).descriptors.close(fd),
    fd_renumber: (from: number, to: number): Errno => wasiOf(runtime).descriptors.renumber(from, to),
    fd_prestat_get: (fd: number, result: number): Errno => {
      const { memory } = wasiOf(runtime);
      if (!isPreopened(fd)) return ERRNO.badf;
      const at = memory.region(result, PRESTAT.byteLength);
      memory.setU32(at + PRESTAT.tag, 0);
      memory.setU32(at + PRESTAT.nameLength, 1);
      return ERRNO.success;
    },
    fd_prestat_dir_name: (fd: number, name: number, length: number): Errno => {
      const { memory } = wasiOf(runtime);
      if (!isPreopened(fd)) return ERRNO.badf;
      if (length === 0) return ERRNO.nametoolong;
      memory.setU8(memory.region(name, 1), ROOT_NAME);
      return ERRNO.success;
    },
    fd_fdstat_get: (fd: number, result: number): Errno => {
      const { descriptors, memory } = wasiOf(runtime);
      const descriptor = descriptors.get(fd);
      if (!descriptor) return ERRNO.badf;
      const at = memory.region(result, FDSTAT.byteLength);
      memory.setU16(at + FDSTAT.filetype, filetypeOf(descriptor));
      memory.setU32(at + FDSTAT.flags, descriptor.flags);
      memory.setU64(at + FDSTAT.rights, descriptor.rights);
      memory.setU64(at + FDSTAT.inheriting, descriptor.kind === 'directory' ? descriptor.inheriting : 0);
      return ERRNO.success;
    },
    fd_fdstat_set_flags: (fd: number, flags: number): Errno => {
      const descriptor = wasiOf(runtime).descriptors.get(fd);
      if (!descriptor) return ERRNO.badf;
      if ((flags & ~FDFLAGS.all) !== 0) return ERRNO.inval;
      descriptor.flags = flags;
      return ERRNO.success;
    },
    fd_fdstat_set_rights: (fd: number, rights: bigint, inheriting: bigint): Errno => {
      const descriptor = wasiOf(runtime).descriptors.get(fd);
      if (!descriptor) return ERRNO.badf;
      const own = BigInt(descriptor.kind === 'directory' ? descriptor.inheriting : 0);
      if ((rights & ~BigInt(descriptor.rights)) !== 0n || (inheriting & ~own) !== 0n) return ERRNO.notcapable;
      descriptor.rights = Number(rights);
      if (descriptor.kind === 'directory') descriptor.inheriting = Number(inheriting);
      return ERRNO.success;
    },
    fd_filestat_get: (fd: number, result: number): Errno => {
      const { descriptors, memory } = wasiOf(runtime);
      const descriptor = descriptors.get(fd);
      if (!descriptor) return ERRNO.badf;
      if ((descriptor.rights & RIGHTS.fdFilestatGet) === 0) return ERRNO.notcapable;
      writeFilestat(memory, result, filetypeOf(descriptor), nodeOf(descriptor));
      return ERRNO.success;
    },
    fd_filestat_set_times: (fd: number, accessed: bigint, modified: bigint, flags: number): Errno => {
      const state = wasiOf(runtime);
      const descriptor = state.descriptors.get(fd);
      if (!descriptor) return ERRNO.badf;
      const node = nodeOf(descriptor);
      if (!node) return ERRNO.inval;
      return setTimes(state, node, accessed, modified, flags);
    },
    path_filestat_get: (fd: number, _lookup: number, path: number, length: number, result: number): Errno => {
      const state = wasiOf(runtime);
      const node = nodeAt(state, fd, RIGHTS.pathFilestatGet, path, length);
      if (typeof node === 'number') return node;
      writeFilestat(state.memory, result, node.kind === 'file' ? FILETYPE.regularFile : FILETYPE.directory, node);
      return ERRNO.success;
    },
    path_filestat_set_times: (
      fd: number,
      _lookup: number,
      path: number,
      length: number,
      accessed: bigint,
      modified: bigint,
      flags: number,
    ): Errno => {
      const state = wasiOf(runtime);
      const node = nodeAt(state, fd, RIGHTS.pathFilestatSetTimes, path, length);
      return typeof node === 'number' ? node : setTimes(state, node, accessed, modified, flags);
    },
    /** Nothing is a link: what exists is no link (EINVAL), which is what realpath() asks. */
    path_readlink: (fd: number, path: number, length: number): Errno => {
      const node = nodeAt(wasiOf(runtime), fd, RIGHTS.pathReadlink, path, length);
      return typeof node === 'number' ? node : ERRNO.inval;
    },
  };
}

function nodeAt(state: WasiState, fd: number, rights: number, path: number, length: number): FsNode | Errno {
  const directory = directoryAt(state, fd, rights);
  if (typeof directory === 'number') return directory;
  const name = pathAt(state, path, length);
  return typeof name === 'number' ? name : state.files.find(directory.node, name);
}

function nodeOf(descriptor: Descriptor): FsNode | undefined {
  return descriptor.kind === 'file' || descriptor.kind === 'directory' ? descriptor.node : undefined;
}

function filetypeOf(descriptor: Descriptor): number {
  if (descriptor.kind === 'file') return FILETYPE.regularFile;
  if (descriptor.kind === 'directory') return FILETYPE.directory;
  return descriptor.kind === 'output' && descriptor.terminal ? FILETYPE.characterDevice : FILETYPE.unknown;
}

function writeFilestat(memory: GuestMemory, result: number, filetype: number, node: FsNode | undefined): void {
  const at = memory.region(result, FILESTAT.byteLength);
  memory.all.fill(0, at, at + FILESTAT.byteLength);
  memory.setU8(at + FILESTAT.filetype, filetype);
  if (!node) return;
  const { accessed, modified } = node.times;
  memory.setU64(at + FILESTAT.dev, DEVICE);
  memory.setU64(at + FILESTAT.ino, node.inode);
  memory.setU64(at + FILESTAT.nlink, node.kind === 'file' && !node.linked ? 0 : 1);
  memory.setU64(at + FILESTAT.size, node.kind === 'file' ? node.size : 0);
  memory.setU64(at + FILESTAT.atime, accessed);
  memory.setU64(at + FILESTAT.mtime, modified);
  memory.setU64(at + FILESTAT.ctime, modified);
}

function setTimes(state: WasiState, node: FsNode, accessed: bigint, modified: bigint, flags: number): Errno {
  if (!node.writable) return ERRNO.rofs;
  const atime = chosen(state, node.times.accessed, accessed, flags & FSTFLAGS.atime, flags & FSTFLAGS.atimeNow);
  const mtime = chosen(state, node.times.modified, modified, flags & FSTFLAGS.mtime, flags & FSTFLAGS.mtimeNow);
  if (atime === undefined || mtime === undefined) return ERRNO.inval;
  const { times }: { times: Times } = node;
  times.accessed = atime;
  times.modified = mtime;
  return ERRNO.success;
}

/** Undefined when the guest wants both a time and now. */
function chosen(state: WasiState, old: Timestamp, wanted: bigint, set: number, now: number): Timestamp | undefined {
  if (set !== 0 && now !== 0) return undefined;
  if (now !== 0) return state.now(CLOCK.realtime);
  return set !== 0 ? BigInt.asUintN(64, wanted) : old;
}
