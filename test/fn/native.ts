/** Functions of the kit as programs: built by the system's compiler, started as Fn's agent starts them, and spoken to in bytes. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = join(import.meta.dirname, '../..');
const RUNTIME = join(ROOT, 'sdk/lib/contracts/fn-native.c');
const CACHE = join(ROOT, 'node_modules/.cache/weft-test-fn');
export const FUNCTIONS = join(import.meta.dirname, 'functions');

/** An image has nothing in it to link with; what is alone is no function. */
const FLAGS = {
  process: ['-O1', '-g', '-fsanitize=address,undefined', RUNTIME],
  image: ['-O2', '-static', RUNTIME],
  alone: ['-D_GNU_SOURCE'],
} as const;

const found = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** Why there is no compiler here; CI says that there must be one. */
export function withoutCompiler(): string | undefined {
  if (found('cc') && found('c++')) return undefined;
  if (process.env['WEFT_TEST_REQUIRE_ALL'] === '1') throw new Error('cc and c++ are needed');
  return 'no cc and c++ here';
}

/** Builds a file of `functions/` as the documents say. Gives the program's path. */
export function buildNative(name: string, as: keyof typeof FLAGS = 'process'): string {
  const source = join(FUNCTIONS, name);
  const parts = ['../contracts/fn-common.h', 'request.c', 'response.c', 'listener.c', 'connection.c', 'serve.c'].map((file) =>
    join(ROOT, 'sdk/lib/fn', file),
  );
  const headers = ['fdk.h', 'fdk.hpp'].map((file) => join(ROOT, 'sdk/include/fn', file));
  const hash = createHash('sha256');
  for (const file of [source, RUNTIME, ...parts, ...headers]) hash.update(readFileSync(file));
  const program = join(CACHE, `${basename(name, extname(name))}-${as}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const made = `${program}.${process.pid}`;
  const [compiler, standard] = extname(name) === '.c' ? ['cc', '-std=c11'] : ['c++', '-std=c++17'];
  const flags = [standard, ...FLAGS[as], '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-I', join(ROOT, 'sdk/include')];
  const built = spawnSync(compiler, [...flags, source, '-o', made], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
  renameSync(made, program);
  return program;
}

export class NativeFunction implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly folder: string;
  readonly listener: string;
  output = '';
  readonly #exited: Promise<unknown>;

  private constructor(process: ChildProcess, folder: string) {
    this.process = process;
    this.folder = folder;
    this.listener = join(folder, 'lsnr.sock');
    this.#exited = once(process, 'exit');
    for (const stream of [process.stdout, process.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  /** As Fn's agent does, in a folder of its own; `env` replaces what is given. Does not wait for it. */
  static async spawn(
    program: string,
    env: Readonly<Record<string, string | undefined>> = {},
    args: readonly string[] = [],
  ): Promise<NativeFunction> {
    const folder = await mkdtemp(join(tmpdir(), 'weft-fn-'));
    const given = { FN_FORMAT: 'http-stream', FN_LISTENER: `unix:${join(folder, 'lsnr.sock')}`, FN_TYPE: 'sync', FN_MEMORY: '128', ...env };
    return new NativeFunction(spawn(program, args, { env: given, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] }), folder);
  }

  static async start(program: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<NativeFunction> {
    const started = await NativeFunction.spawn(program, env, args);
    while (!existsSync(started.listener)) {
      if (started.process.exitCode !== null) throw new Error(started.output);
      await sleep(2);
    }
    return started;
  }

  get exited(): Promise<number | null> {
    return this.#exited.then(() => this.process.exitCode);
  }

  /** The name of the signal, or the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
    this.process.kill(signal);
    await this.#exited;
    return this.process.exitCode ?? this.process.signalCode;
  }

  connect(): Promise<Client> {
    return Client.open(this.listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Of one connection: sends bytes, reads answers. */
export class Client implements Disposable {
  readonly socket: Socket;
  closed = false;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => (this.#received = Buffer.concat([this.#received, bytes])));
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => {});
  }

  static async open(path: string): Promise<Client> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new Client(socket);
  }

  async call(body: Uint8Array | string = '', headers: readonly string[] = []): Promise<Reply> {
    const lines = ['POST /call HTTP/1.1', 'Host: localhost', 'Fn-Call-Id: 01CALL', 'Fn-Deadline: 2031-05-06T07:08:09.250Z', ...headers];
    this.socket.write(`${lines.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`);
    this.socket.write(body);
    return await this.reply();
  }

  /** The next answer; rejects when the connection ends before. */
  async reply(): Promise<Reply> {
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end >= 0) {
        const head = this.#received.subarray(0, end).toString('latin1');
        const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
        if (this.#received.length >= end + 4 + length) {
          const body = this.#received.subarray(end + 4, end + 4 + length);
          this.#received = this.#received.subarray(end + 4 + length);
          const [status = '', ...headers] = head.split('\r\n');
          return { status: Number(status.split(' ')[1]), headers, body, text: body.toString('utf8') };
        }
      }
      if (this.closed) throw new Error(`the connection ended after ${this.#received.length} bytes`);
      await sleep(1);
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

export interface Reply {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly text: string;
}
