/**
 * A context that calls WASI as a guest would, with pointers into a real WebAssembly memory, but without a module: the
 * import functions are called from here. The chain behind them is just what they use of one.
 */
import type { Program } from '../../src/engine/contract.ts';
import type { WasiState } from '../../src/engine/host/wasi/state.ts';
import { wasiImports } from '../../src/engine/host/wasi/imports.ts';
import { DIRENT, FDSTAT, FILESTAT, GRANTED, OFLAGS, RIGHTS } from '../../src/engine/host/wasi/preview1.ts';
import { type Effect, Journal } from '../../src/engine/journal.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import type { Runtime } from '../../src/engine/runtime.ts';

export const READ = RIGHTS.fdRead | RIGHTS.fdSeek | RIGHTS.fdTell | RIGHTS.fdFilestatGet | RIGHTS.fdReaddir;
export const WRITE = RIGHTS.fdWrite | RIGHTS.fdFilestatSetSize | RIGHTS.fdAllocate;
export const ROOT = 3;
/** Where the client puts what it passes, and finds what it gets. */
const RESULT = 64;
const VECTOR = 128;
const TEXT = 1024;
const MORE_TEXT = 8192;
const DATA = 65_536;

const decoder = new TextDecoder();

export interface ClientOptions {
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly memoryBytes?: number;
  readonly responseBytes?: number;
  readonly program?: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: Uint8Array };
  readonly journal?: boolean;
}

export interface Stat {
  readonly inode: bigint;
  readonly filetype: number;
  readonly links: bigint;
  readonly size: number;
  readonly modified: bigint;
}

type Call = (...args: (number | bigint)[]) => number;

export class Client {
  readonly memory = new WebAssembly.Memory({ initial: 64, maximum: 128 });
  readonly logs: string[] = [];
  readonly journal: Journal | undefined;
  readonly #imports: Record<string, unknown>;
  readonly #runtime: { current: unknown; readonly ledger: Ledger };
  readonly #context: { wasi: WasiState | undefined; readonly bytes: Uint8Array };
  #bytes: Uint8Array;

  constructor(options: ClientOptions = {}) {
    const { memory } = this;
    let bytes = new Uint8Array(memory.buffer);
    this.#bytes = bytes;
    this.#context = {
      wasi: undefined,
      get bytes() {
        if (bytes.length === 0) bytes = new Uint8Array(memory.buffer);
        return bytes;
      },
    };
    this.journal = options.journal ? new Journal() : undefined;
    this.#runtime = { current: null, ledger: new Ledger() };
    this.nextRequest(options);
    // Of the runtime, the functions called here use the current chain and the ledger, and nothing else.
    this.#imports = wasiImports(this.#runtime as unknown as Runtime);
  }

  /** Another request in the same context. */
  nextRequest(options: ClientOptions): void {
    const { journal, logs } = this;
    const limits = { memoryBytes: options.memoryBytes ?? 1 << 20, responseBytes: options.responseBytes ?? 1 << 20 };
    const { program } = options;
    const chain = {
      context: this.#context,
      journal,
      effect: <T>(effect: Effect, produce: () => T): T => (journal ? journal.value(effect, 0, produce) : produce()),
      deadlineAt: performance.now() + 30_000,
      activeFunction: {
        files: options.files ?? {},
        spec: { name: 'prog', contract: program ? 'stdio' : 'weft', args: options.args ?? [], env: options.env ?? {}, limits },
      },
      version: { log: (_fn: unknown, level: string, line: string) => logs.push(`${level}: ${line}`) },
      program: program && ({ env: () => program.env ?? {}, stdin: program.stdin ?? new Uint8Array(0) } satisfies Program),
    };
    this.#runtime.current = chain;
  }

  rollBack(): void {
    this.#context.wasi = undefined;
  }

  get state(): WasiState {
    const { wasi } = this.#context;
    if (!wasi) throw new Error('nothing has called WASI yet');
    return wasi;
  }

  /** Ends the request, as the engine does. */
  flush(): void {
    this.state.flush();
  }

  call(name: string, ...args: (number | bigint)[]): number {
    const fn = this.#imports[name];
    if (typeof fn !== 'function') throw new Error(`${name} cannot be called directly`);
    return (fn as Call)(...args);
  }

  get names(): string[] {
    return Object.keys(this.#imports);
  }

  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.memory.buffer);
    return this.#bytes;
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  u32(at = RESULT): number {
    return this.view.getUint32(at, true);
  }

  u64(at = RESULT): bigint {
    return this.view.getBigUint64(at, true);
  }

  #put(text: string | Uint8Array, at: number): [number, number] {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    this.bytes.set(bytes, at);
    return [at, bytes.length];
  }

  onPath(name: string, path: string, fd = ROOT): number {
    return this.call(name, fd, ...this.#put(path, TEXT));
  }

  /** The descriptor, or a negative errno. */
  open(path: string | Uint8Array, { oflags = 0, rights = READ, fdflags = 0, dir = ROOT } = {}): number {
    const own = (oflags & OFLAGS.directory) === 0 ? rights : rights | GRANTED.directory;
    const inheriting = GRANTED.directory | GRANTED.scratchFile;
    const errno = this.call('path_open', dir, 0, ...this.#put(path, TEXT), oflags, BigInt(own), BigInt(inheriting), fdflags, RESULT);
    return errno === 0 ? this.u32() : -errno;
  }

  rename(from: string, to: string, fromFd = ROOT, toFd = ROOT): number {
    return this.call('path_rename', fromFd, ...this.#put(from, TEXT), toFd, ...this.#put(to, MORE_TEXT));
  }

  /** Bytes written, or a negative errno. */
  write(fd: number, data: string | Uint8Array, offset?: bigint): number {
    this.#vector(this.#put(data, DATA));
    const errno =
      offset === undefined ? this.call('fd_write', fd, VECTOR, 1, RESULT) : this.call('fd_pwrite', fd, VECTOR, 1, offset, RESULT);
    return errno === 0 ? this.u32() : -errno;
  }

  /** What was read, or a negative errno. */
  read(fd: number, length: number, offset?: bigint): string | number {
    this.#vector([DATA, length]);
    const errno = offset === undefined ? this.call('fd_read', fd, VECTOR, 1, RESULT) : this.call('fd_pread', fd, VECTOR, 1, offset, RESULT);
    return errno === 0 ? decoder.decode(this.bytes.slice(DATA, DATA + this.u32())) : -errno;
  }

  #vector([pointer, length]: [number, number]): void {
    this.view.setUint32(VECTOR, pointer, true);
    this.view.setUint32(VECTOR + 4, length, true);
  }

  close(fd: number): number {
    return this.call('fd_close', fd);
  }

  /** Makes or replaces a file. 0, or an errno. */
  save(path: string, content: string): number {
    const fd = this.open(path, { oflags: OFLAGS.creat | OFLAGS.trunc, rights: READ | WRITE });
    if (fd < 0) return -fd;
    const written = this.write(fd, content);
    this.close(fd);
    return written < 0 ? -written : 0;
  }

  /** The whole content, or a negative errno. */
  load(path: string): string | number {
    const fd = this.open(path);
    if (fd < 0) return fd;
    const content = this.read(fd, 1 << 20);
    this.close(fd);
    return content;
  }

  stat(path: string): Stat | number {
    const errno = this.call('path_filestat_get', ROOT, 0, ...this.#put(path, TEXT), RESULT);
    return errno === 0 ? this.#stat() : -errno;
  }

  statOpen(fd: number): Stat | number {
    const errno = this.call('fd_filestat_get', fd, RESULT);
    return errno === 0 ? this.#stat() : -errno;
  }

  #stat(): Stat {
    return {
      inode: this.u64(RESULT + FILESTAT.ino),
      filetype: this.view.getUint8(RESULT + FILESTAT.filetype),
      links: this.u64(RESULT + FILESTAT.nlink),
      size: Number(this.u64(RESULT + FILESTAT.size)),
      modified: this.u64(RESULT + FILESTAT.mtime),
    };
  }

  setTimes(path: string, accessed: bigint, modified: bigint, flags: number): number {
    return this.call('path_filestat_set_times', ROOT, 0, ...this.#put(path, TEXT), accessed, modified, flags);
  }

  rightsOf(fd: number): number {
    this.call('fd_fdstat_get', fd, RESULT);
    return Number(this.u64(RESULT + FDSTAT.rights));
  }

  seek(fd: number, delta: bigint, whence: number): bigint | number {
    const errno = this.call('fd_seek', fd, delta, whence, RESULT);
    return errno === 0 ? this.u64() : -errno;
  }

  /** Names in a folder without `.` and `..`, read through a buffer of that size; or a negative errno. */
  list(path: string, bufferBytes = 4096): string[] | number {
    const fd = this.open(path, { oflags: OFLAGS.directory });
    if (fd < 0) return fd;
    const names = this.listOpen(fd, bufferBytes);
    this.close(fd);
    return names.filter((name) => name !== '.' && name !== '..');
  }

  /** All names of an open folder; `each` is called behind every buffer, as a program that deletes while it lists. */
  listOpen(fd: number, bufferBytes = 4096, each?: (names: readonly string[]) => void): string[] {
    const names: string[] = [];
    let cookie = 0n;
    for (;;) {
      const errno = this.call('fd_readdir', fd, DATA, bufferBytes, cookie, RESULT);
      if (errno !== 0) throw new Error(`fd_readdir: errno ${errno}`);
      const used = this.u32();
      const found = this.#entries(DATA, DATA + used);
      names.push(...found.map((entry) => entry.name));
      each?.(found.map((entry) => entry.name));
      if (used < bufferBytes) return names;
      const last = found.at(-1);
      if (!last) throw new Error('not one entry fits into the buffer');
      cookie = last.next;
    }
  }

  #entries(start: number, end: number): { name: string; next: bigint }[] {
    const { view } = this;
    const entries: { name: string; next: bigint }[] = [];
    let at = start;
    while (at + DIRENT.byteLength <= end) {
      const behind = at + DIRENT.byteLength + view.getUint32(at + DIRENT.nameLength, true);
      if (behind > end) break;
      entries.push({
        name: decoder.decode(this.bytes.slice(at + DIRENT.byteLength, behind)),
        next: view.getBigUint64(at + DIRENT.next, true),
      });
      at = behind;
    }
    return entries;
  }
}
