/**
 * The host side of docs/guest-abi.md, small enough to read in one go: it drives one function, so that the guest runtime is
 * tested without the engine. Contexts do not roll back here, which is the harder case for the runtime.
 */
import { randomFillSync } from 'node:crypto';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const PENDING = -100;

/** What a called function answers: a body, or a negative error. */
export type Callee = (input: string) => { readonly status: number; readonly body: Uint8Array } | number;

export interface HostOptions {
  readonly callees?: Readonly<Record<string, Callee>>;
  /** Calls have to wait before they answer. */
  readonly slow?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Text of an outbound request → text of its answer, or an error. */
  readonly fetch?: (request: string) => string | number;
  /** WASI's standard input, and the environment of a program. */
  readonly stdin?: () => Uint8Array;
  readonly wasiEnv?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface Answer {
  readonly result: number;
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly _initialize: () => void;
  readonly weft_init: () => number;
  readonly weft_enter: (kind: number) => number;
  readonly weft_reserve: (length: number) => number;
  readonly weft_mailbox: WebAssembly.Global;
}

class Exit extends Error {}

export class Host {
  readonly logs: string[] = [];
  readonly sent: string[] = [];
  readonly calls: string[] = [];
  resolved = 0;
  slept = 0;
  exitCode: number | undefined;
  stdout = '';
  stderr = '';
  readonly #options: HostOptions;
  readonly #exports: Exports;
  #last: Uint8Array = new Uint8Array(0);
  #pending: (() => number) | undefined;
  readonly #started = new Map<number, [string, Uint8Array]>();

  private constructor(module: WebAssembly.Module, options: HostOptions) {
    this.#options = options;
    const imports = { weft: this.#weft(), wasi_snapshot_preview1: this.#wasi() };
    // The shape of every module that links against the guest runtime.
    this.#exports = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
  }

  /** A function after its initialisation. */
  static async start(wasm: Uint8Array<ArrayBuffer>, options: HostOptions = {}): Promise<Host> {
    const host = new Host(new WebAssembly.Module(wasm), options);
    host.#exports._initialize();
    const result = await WebAssembly.promising(host.#exports.weft_init)();
    if (result !== 0) throw new Error(`init hook returned ${result}`);
    return host;
  }

  /** A request over HTTP. `lines` are request line and headers. */
  request(lines: readonly string[], body: string | Uint8Array = ''): Promise<Answer> {
    return this.#enter(0, encoder.encode(`${lines.join('\r\n')}\r\n`), typeof body === 'string' ? encoder.encode(body) : body);
  }

  /** A call by another function. */
  call(body: string | Uint8Array = ''): Promise<Answer> {
    return this.#enter(1, new Uint8Array(0), typeof body === 'string' ? encoder.encode(body) : body);
  }

  get memory(): WebAssembly.Memory {
    return this.#exports.memory;
  }

  get #mailbox(): Uint32Array {
    return new Uint32Array(this.memory.buffer, this.#exports.weft_mailbox.value as number, 16);
  }

  async #enter(kind: number, head: Uint8Array, body: Uint8Array): Promise<Answer> {
    const [, , , , , , , , , , , inbox = 0, capacity = 0] = this.#mailbox;
    const length = head.length + body.length;
    const at = length <= capacity ? inbox : this.#exports.weft_reserve(length) >>> 0;
    if (at === 0) throw new Error('no room for the input');
    const memory = new Uint8Array(this.memory.buffer);
    memory.set(head, at);
    memory.set(body, at + head.length);
    this.#mailbox.set([at, head.length, at + head.length, body.length], 1);
    const result = await WebAssembly.promising(this.#exports.weft_enter)(kind);
    const [, , , , , status = 0, outHead = 0, outHeadLength = 0, outBody = 0, outBodyLength = 0] = this.#mailbox;
    return { result, status, head: this.#text(outHead, outHeadLength), body: this.#text(outBody, outBodyLength) };
  }

  /** Word of the mailbox where a program with `main` leaves its exit code. */
  get argument(): number {
    return new Int32Array(this.#mailbox.buffer, this.#mailbox.byteOffset, 16)[14] ?? 0;
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  #text(at: number, length: number): string {
    return decoder.decode(this.#bytes(at, length));
  }

  #give(data: Uint8Array, out: number, capacity: number): number {
    this.#last = data;
    this.#bytes(out, Math.min(data.length, capacity)).set(data.subarray(0, capacity));
    return data.length;
  }

  /** New memory each time: nothing is rolled back here, so that none is spare. */
  #grow(length: number): number {
    const start = this.memory.buffer.byteLength;
    this.memory.grow(length / (64 * 1024));
    return start;
  }

  #invoke(name: string, input: Uint8Array, out: number, capacity: number): number {
    const answer = this.#options.callees?.[name]?.(decoder.decode(input)) ?? -2;
    if (typeof answer === 'number') return answer;
    this.#mailbox[10] = answer.status;
    return this.#give(answer.body, out, capacity);
  }

  #weft(): Record<string, unknown> {
    const names = Object.keys(this.#options.callees ?? {});
    const lookup =
      (table: Readonly<Record<string, string>> | undefined) => (name: number, length: number, out: number, capacity: number) => {
        const value = table?.[this.#text(name, length)];
        return value === undefined ? -2 : this.#give(encoder.encode(value), out, capacity);
      };
    return {
      resolve: (name: number, length: number) => {
        this.resolved++;
        const id = names.indexOf(this.#text(name, length));
        return id < 0 ? -2 : id;
      },
      call: (fn: number, input: number, length: number, out: number, capacity: number) => {
        const name = names[fn] ?? '';
        const bytes = this.#bytes(input, length).slice();
        this.calls.push(name);
        if (!this.#options.slow) return this.#invoke(name, bytes, out, capacity);
        this.#pending = () => this.#invoke(name, bytes, out, capacity);
        return PENDING;
      },
      await_call: new WebAssembly.Suspending(async () => {
        await new Promise(setImmediate);
        return this.#pending?.() ?? -2;
      }),
      result: (to: number, offset: number, length: number) => {
        if (offset + length > this.#last.length) return -8;
        this.#bytes(to, length).set(this.#last.subarray(offset, offset + length));
        return length;
      },
      start: (fn: number, input: number, length: number) => {
        const handle = this.#started.size;
        this.#started.set(handle, [names[fn] ?? '', this.#bytes(input, length).slice()]);
        return handle;
      },
      wait: new WebAssembly.Suspending(async (handle: number, out: number, capacity: number) => {
        const started = this.#started.get(handle);
        await new Promise(setImmediate);
        return started === undefined ? -2 : this.#invoke(...started, out, capacity);
      }),
      send: (kind: number, at: number, length: number) => {
        const { 5: status = 0, 6: head = 0, 7: headLength = 0 } = this.#mailbox;
        this.sent.push(kind === 0 ? `${status} ${this.#text(head, headLength)}` : this.#text(at, length));
        return this.#options.slow ? PENDING : 0;
      },
      await_send: new WebAssembly.Suspending(async () => {
        await new Promise(setImmediate);
        return 0;
      }),
      log: (level: number, at: number, length: number) => void this.logs.push(`${level} ${this.#text(at, length)}`),
      clock: (id: number) => (id === 0 ? Date.now() : performance.now()) * 1e6,
      sleep: new WebAssembly.Suspending(async (ms: number) => {
        this.slept += ms;
        return 0;
      }),
      grow: (length: number) => this.#grow(length),
      random: (at: number, length: number) => void randomFillSync(this.#bytes(at, length)),
      env: lookup(this.#options.env),
      secret: lookup(this.#options.secrets),
      fetch: new WebAssembly.Suspending(async (at: number, length: number, out: number, capacity: number) => {
        const answer = this.#options.fetch?.(this.#text(at, length)) ?? -9;
        return typeof answer === 'number' ? answer : this.#give(encoder.encode(answer), out, capacity);
      }),
    };
  }

  /** WASI as far as a filter goes: the standard streams, arguments, environment, exit. */
  #wasi(): Record<string, unknown> {
    const word = (at: number, value: number): number => {
      new DataView(this.memory.buffer).setUint32(at, value, true);
      return 0;
    };
    const vectors = (at: number, count: number): Uint8Array[] => {
      const view = new DataView(this.memory.buffer);
      return Array.from({ length: count }, (_, i) => this.#bytes(view.getUint32(at + 8 * i, true), view.getUint32(at + 8 * i + 4, true)));
    };
    const strings = (all: () => string[]) => ({
      sizes: (count: number, bytes: number) => {
        const texts = all();
        word(count, texts.length);
        return word(
          bytes,
          texts.reduce((sum, text) => sum + encoder.encode(text).length + 1, 0),
        );
      },
      get: (pointers: number, buffer: number) => {
        let at = buffer;
        for (const [i, text] of all().entries()) {
          word(pointers + 4 * i, at);
          const bytes = encoder.encode(`${text}\0`);
          this.#bytes(at, bytes.length).set(bytes);
          at += bytes.length;
        }
        return 0;
      },
    });
    let position = 0;
    const args = strings(() => ['program', ...(this.#options.args ?? [])]);
    const environ = strings(() => Object.entries(this.#options.wasiEnv ?? {}).map(([name, value]) => `${name}=${value}`));
    return {
      args_sizes_get: args.sizes,
      args_get: args.get,
      environ_sizes_get: environ.sizes,
      environ_get: environ.get,
      fd_read: (_fd: number, at: number, count: number, read: number) => {
        const input = this.#options.stdin?.() ?? new Uint8Array(0);
        let total = 0;
        for (const room of vectors(at, count)) {
          const piece = input.subarray(position, position + room.length);
          room.set(piece);
          position += piece.length;
          total += piece.length;
        }
        return word(read, total);
      },
      fd_write: (fd: number, at: number, count: number, written: number) => {
        const text = vectors(at, count)
          .map((v) => decoder.decode(v))
          .join('');
        if (fd === 2) this.stderr += text;
        else this.stdout += text;
        return word(written, encoder.encode(text).length);
      },
      fd_fdstat_get: (_fd: number, stat: number) => {
        this.#bytes(stat, 24).fill(0);
        this.#bytes(stat, 1)[0] = 2; // character device
        return 0;
      },
      fd_seek: () => 70, // ESPIPE
      fd_close: () => 0,
      fd_prestat_get: () => 8, // EBADF: no folders
      fd_prestat_dir_name: () => 8,
      proc_exit: (code: number) => {
        this.exitCode = code;
        throw new Exit(`exit ${code}`);
      },
    };
  }
}
