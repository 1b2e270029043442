/** Reading and writing what is open. These are on the path of every stdio program, so they allocate nothing but views. */
import { CALL_ERROR } from '../../abi.ts';
import { I32 } from '../../asm.ts';
import type { Runtime } from '../../runtime.ts';
import { caller } from '../guest.ts';
import { suspendingAfter } from '../suspending.ts';
import type { OpenFile, StandardInput, StandardOutput } from './descriptors.ts';
import type { GuestMemory } from './guest-memory.ts';
import { ERRNO, type Errno, IOVEC, MAX_IOVECS, RIGHTS, WHENCE } from './preview1.ts';
import { type WasiState, wasiOf } from './state.ts';
import { StreamedAnswer } from './streamed-answer.ts';

export function readWriteImports(runtime: Runtime): Record<string, unknown> {
  return {
    fd_read: (fd: number, vectors: number, count: number, result: number): Errno => {
      const { descriptors, memory } = wasiOf(runtime);
      const source = descriptors.get(fd);
      if (!source) return ERRNO.badf;
      if (source.kind === 'directory') return ERRNO.isdir;
      if (source.kind === 'output' || (source.rights & RIGHTS.fdRead) === 0) return ERRNO.notcapable;
      return readVectors(memory, source, vectors, count, result);
    },
    fd_write: suspendingAfter(runtime, [I32, I32, I32, I32], {
      first: (fd: number, vectors: number, count: number, result: number): number => {
        const { descriptors, memory } = wasiOf(runtime);
        const target = descriptors.get(fd);
        if (!target) return ERRNO.badf;
        if (target.kind === 'directory') return ERRNO.isdir;
        if (target.kind === 'stdin' || (target.rights & RIGHTS.fdWrite) === 0) return ERRNO.notcapable;
        const errno = writeVectors(memory, target, vectors, count, result);
        return target.kind === 'output' && streamOf(target)?.takeBlocked() === true ? CALL_ERROR.pending : errno;
      },
      // What was written is on its way, whether the client takes it or leaves.
      wait: () =>
        runtime.suspend(
          (resume) =>
            void caller(runtime)
              .stream?.drained()
              .then(() => resume(ERRNO.success)),
        ),
    }),
    fd_pread: (fd: number, vectors: number, count: number, offset: bigint, result: number): Errno => {
      const state = wasiOf(runtime);
      const file = fileAt(state, fd, RIGHTS.fdRead | RIGHTS.fdSeek);
      if (typeof file === 'number') return file;
      return offset < 0n ? ERRNO.inval : atOffset(file, Number(offset), () => readVectors(state.memory, file, vectors, count, result));
    },
    fd_pwrite: (fd: number, vectors: number, count: number, offset: bigint, result: number): Errno => {
      const state = wasiOf(runtime);
      const file = fileAt(state, fd, RIGHTS.fdWrite | RIGHTS.fdSeek);
      if (typeof file === 'number') return file;
      return offset < 0n ? ERRNO.inval : atOffset(file, Number(offset), () => writeVectors(state.memory, file, vectors, count, result));
    },
    fd_seek: (fd: number, delta: bigint, whence: number, result: number): Errno => {
      const state = wasiOf(runtime);
      const { memory } = state;
      const file = fileAt(state, fd, RIGHTS.fdSeek);
      if (typeof file === 'number') return file;
      const at = memory.region(result, 8);
      const base = whence === WHENCE.set ? 0 : whence === WHENCE.current ? file.offset : whence === WHENCE.end ? file.node.size : -1;
      const offset = base + Number(delta);
      if (base < 0 || offset < 0 || offset > Number.MAX_SAFE_INTEGER) return ERRNO.inval;
      file.offset = offset;
      memory.setU64(at, offset);
      return ERRNO.success;
    },
    fd_tell: (fd: number, result: number): Errno => {
      const state = wasiOf(runtime);
      const { memory } = state;
      const file = fileAt(state, fd, RIGHTS.fdTell);
      if (typeof file === 'number') return file;
      memory.setU64(memory.region(result, 8), file.offset);
      return ERRNO.success;
    },
    fd_allocate: (fd: number, offset: bigint, length: bigint): Errno => {
      const file = fileAt(wasiOf(runtime), fd, RIGHTS.fdAllocate);
      if (typeof file === 'number') return file;
      if (offset < 0n || length <= 0n) return ERRNO.inval;
      const end = Number(offset) + Number(length);
      return end > file.node.size ? file.resize(end) : ERRNO.success;
    },
    fd_filestat_set_size: (fd: number, size: bigint): Errno => {
      const file = fileAt(wasiOf(runtime), fd, RIGHTS.fdFilestatSetSize);
      if (typeof file === 'number') return file;
      return size < 0n ? ERRNO.inval : file.resize(Number(size));
    },
    fd_advise: (fd: number): Errno => {
      const file = fileAt(wasiOf(runtime), fd, RIGHTS.fdAdvise);
      return typeof file === 'number' ? file : ERRNO.success;
    },
    // There is nothing behind memory to wait for.
    fd_sync: (fd: number): Errno => (wasiOf(runtime).descriptors.get(fd) ? ERRNO.success : ERRNO.badf),
    fd_datasync: (fd: number): Errno => (wasiOf(runtime).descriptors.get(fd) ? ERRNO.success : ERRNO.badf),
  };
}

function streamOf({ output }: StandardOutput): StreamedAnswer | undefined {
  return output instanceof StreamedAnswer ? output : undefined;
}

/** An open file with all of those rights. */
function fileAt(state: WasiState, fd: number, rights: number): OpenFile | Errno {
  const descriptor = state.descriptors.get(fd);
  if (!descriptor) return ERRNO.badf;
  if (descriptor.kind === 'directory') return ERRNO.isdir;
  if (descriptor.kind !== 'file') return ERRNO.spipe;
  return (descriptor.rights & rights) === rights ? descriptor : ERRNO.notcapable;
}

/** Does something at an offset and leaves the file's own where it was, whatever happens. */
function atOffset(file: OpenFile, offset: number, transfer: () => Errno): Errno {
  const { offset: before, flags } = file;
  file.offset = offset;
  file.flags = 0;
  try {
    return transfer();
  } finally {
    file.offset = before;
    file.flags = flags;
  }
}

function readVectors(memory: GuestMemory, source: StandardInput | OpenFile, vectors: number, count: number, result: number): Errno {
  if (count >>> 0 > MAX_IOVECS) return ERRNO.inval;
  const answer = memory.region(result, 4);
  let at = memory.region(vectors, count * IOVEC.byteLength);
  const end = at + count * IOVEC.byteLength;
  let total = 0;
  for (; at < end; at += IOVEC.byteLength) {
    const target = memory.slice(memory.u32(at + IOVEC.buffer), memory.u32(at + IOVEC.length));
    const got = source.read(target);
    total += got;
    if (got < target.length) break;
  }
  memory.setU32(answer, total);
  return ERRNO.success;
}

function writeVectors(memory: GuestMemory, target: StandardOutput | OpenFile, vectors: number, count: number, result: number): Errno {
  if (count >>> 0 > MAX_IOVECS) return ERRNO.inval;
  const answer = memory.region(result, 4);
  let at = memory.region(vectors, count * IOVEC.byteLength);
  const end = at + count * IOVEC.byteLength;
  let total = 0;
  for (; at < end; at += IOVEC.byteLength) {
    const length = memory.u32(at + IOVEC.length);
    const errno = target.write(memory.slice(memory.u32(at + IOVEC.buffer), length));
    if (errno !== ERRNO.success) {
      // What fitted was written, and the guest must know; the next write tells it why that was all.
      if (total === 0) return errno;
      break;
    }
    total += length;
  }
  memory.setU32(answer, total);
  return ERRNO.success;
}
