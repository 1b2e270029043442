/** Numbers and struct layouts of WASI preview 1 (`wasi_snapshot_preview1`, witx), as far as the host uses them. */

export const ERRNO = {
  success: 0,
  badf: 8,
  busy: 10,
  exist: 20,
  fbig: 22,
  ilseq: 25,
  inval: 28,
  isdir: 31,
  mfile: 33,
  nametoolong: 37,
  noent: 44,
  nospc: 51,
  nosys: 52,
  notdir: 54,
  notempty: 55,
  notsup: 58,
  pipe: 64,
  rofs: 69,
  spipe: 70,
  notcapable: 76,
} as const;

export type Errno = (typeof ERRNO)[keyof typeof ERRNO];

/** All rights lie in the lower 30 bits, so they are numbers here, though 64 bits wide on the wire. */
export const RIGHTS = {
  fdDatasync: 1 << 0,
  fdRead: 1 << 1,
  fdSeek: 1 << 2,
  fdFdstatSetFlags: 1 << 3,
  fdSync: 1 << 4,
  fdTell: 1 << 5,
  fdWrite: 1 << 6,
  fdAdvise: 1 << 7,
  fdAllocate: 1 << 8,
  pathCreateDirectory: 1 << 9,
  pathCreateFile: 1 << 10,
  pathOpen: 1 << 13,
  fdReaddir: 1 << 14,
  pathReadlink: 1 << 15,
  pathRenameSource: 1 << 16,
  pathRenameTarget: 1 << 17,
  pathFilestatGet: 1 << 18,
  pathFilestatSetSize: 1 << 19,
  pathFilestatSetTimes: 1 << 20,
  fdFilestatGet: 1 << 21,
  fdFilestatSetSize: 1 << 22,
  fdFilestatSetTimes: 1 << 23,
  pathRemoveDirectory: 1 << 25,
  pathUnlinkFile: 1 << 26,
  pollFdReadwrite: 1 << 27,
} as const;

const WRITE_RIGHTS = RIGHTS.fdDatasync | RIGHTS.fdWrite | RIGHTS.fdAllocate | RIGHTS.fdFilestatSetSize | RIGHTS.fdFilestatSetTimes;
const READ_RIGHTS =
  RIGHTS.fdRead |
  RIGHTS.fdSeek |
  RIGHTS.fdFdstatSetFlags |
  RIGHTS.fdSync |
  RIGHTS.fdTell |
  RIGHTS.fdAdvise |
  RIGHTS.fdFilestatGet |
  RIGHTS.pollFdReadwrite;

/** The most an open descriptor of each kind can have. */
export const GRANTED = {
  stdin: RIGHTS.fdRead | RIGHTS.fdFdstatSetFlags | RIGHTS.fdFilestatGet | RIGHTS.pollFdReadwrite,
  output: RIGHTS.fdWrite | RIGHTS.fdDatasync | RIGHTS.fdSync | RIGHTS.fdFdstatSetFlags | RIGHTS.fdFilestatGet | RIGHTS.pollFdReadwrite,
  packedFile: READ_RIGHTS,
  scratchFile: READ_RIGHTS | WRITE_RIGHTS,
  directory:
    RIGHTS.pathCreateDirectory |
    RIGHTS.pathCreateFile |
    RIGHTS.pathOpen |
    RIGHTS.fdReaddir |
    RIGHTS.pathReadlink |
    RIGHTS.pathRenameSource |
    RIGHTS.pathRenameTarget |
    RIGHTS.pathFilestatGet |
    RIGHTS.pathFilestatSetSize |
    RIGHTS.pathFilestatSetTimes |
    RIGHTS.fdFilestatGet |
    RIGHTS.fdFilestatSetTimes |
    RIGHTS.fdFdstatSetFlags |
    RIGHTS.fdSync |
    RIGHTS.fdDatasync |
    RIGHTS.pathRemoveDirectory |
    RIGHTS.pathUnlinkFile,
} as const;

export const FILETYPE = { unknown: 0, characterDevice: 2, directory: 3, regularFile: 4 } as const;
export const OFLAGS = { creat: 1, directory: 2, excl: 4, trunc: 8 } as const;
export const FDFLAGS = { append: 1, all: 0x1f } as const;
export const WHENCE = { set: 0, current: 1, end: 2 } as const;
export const FSTFLAGS = { atime: 1, atimeNow: 2, mtime: 4, mtimeNow: 8 } as const;
export const CLOCK = { realtime: 0, monotonic: 1 } as const;
export const EVENT = { clock: 0, fdRead: 1, fdWrite: 2 } as const;
export const SUBCLOCK_ABSTIME = 1;

export const IOVEC = { buffer: 0, length: 4, byteLength: 8 } as const;
export const PRESTAT = { tag: 0, nameLength: 4, byteLength: 8 } as const;
export const FDSTAT = { filetype: 0, flags: 2, rights: 8, inheriting: 16, byteLength: 24 } as const;
export const FILESTAT = { dev: 0, ino: 8, filetype: 16, nlink: 24, size: 32, atime: 40, mtime: 48, ctime: 56, byteLength: 64 } as const;
export const DIRENT = { next: 0, ino: 8, nameLength: 16, filetype: 20, byteLength: 24 } as const;
/** `subscription_u` is a tag at 8 and its payload at 16. */
export const SUBSCRIPTION = { userdata: 0, tag: 8, clockId: 16, fd: 16, timeout: 24, clockFlags: 40, byteLength: 48 } as const;
export const EVENT_RECORD = { userdata: 0, errno: 8, type: 10, bytes: 16, flags: 24, byteLength: 32 } as const;

/** A longer name or path answers ENAMETOOLONG. */
export const MAX_NAME_BYTES = 255;
export const MAX_PATH_BYTES = 4096;
/** IOV_MAX of most systems. */
export const MAX_IOVECS = 1024;
/** Subscriptions of one poll. */
export const MAX_SUBSCRIPTIONS = 1024;
/** Descriptors a context may have open. */
export const MAX_DESCRIPTORS = 1024;
/** More random bytes in one call would hold the thread for longer than a time slice. */
export const MAX_RANDOM_BYTES = 1024 * 1024;
