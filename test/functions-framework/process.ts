/** Functions of the tests as processes, served on a Unix socket, with nothing of the platform between. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { targetGlue } from '../../src/toolchain/target-glue.ts';
import { sources } from '../toolchain/workshop.ts';
import { SDK } from '../sdk/build.ts';
import type { Answer, Hosted, Program, Request } from './hosted.ts';

const CACHE = join(SDK, '../node_modules/.cache/weft-native-tests');
const RUNTIME = join(SDK, 'lib/contracts/functions-framework');
const HEADERS = join(SDK, 'include/google/cloud/functions');
const COMPILER = 'c++';
const STREAMS = ['stdout', 'stderr'] as const;
const STARTED_MS = 10_000;

export const SANITIZED = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** One that makes programs with these flags. Where nothing may be missing tests run, and fail. */
export function hasCompiler(flags: readonly string[] = []): boolean {
  const program = join(tmpdir(), `weft-probe-${process.pid}`);
  const { status } = spawnSync(COMPILER, [...flags, '-x', 'c++', '-', '-o', program], { input: 'int main() {}' });
  rmSync(program, { force: true });
  return status === 0 || process.env['WEFT_TEST_REQUIRE_ALL'] === '1';
}

/** Path of the program, made when it is not there. */
export function buildProgram({ source, entry }: Program, flags: readonly string[] = []): string {
  const path = join(import.meta.dirname, 'sources', source);
  const spec = sources([path], entry === undefined ? {} : { entry });
  const glue = targetGlue(spec, 'functions-framework') ?? '';
  const runtime = made('runtime.o', [...flags, ...filesIn(RUNTIME), ...filesIn(HEADERS)], (out) =>
    compile(['-O1', '-std=c++17', ...flags, '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-c', join(RUNTIME, 'native.cpp'), '-o', out]),
  );
  return made(basename(source, '.cpp'), [runtime, readFileSync(path, 'utf8'), glue], (out) => {
    const glueFile = `${out}.glue.cpp`;
    writeFileSync(glueFile, glue);
    compile(['-std=c++20', ...flags, path, glueFile, runtime, '-pthread', '-o', out]);
    rmSync(glueFile);
  });
}

const filesIn = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));

function made(name: string, parts: readonly string[], make: (out: string) => void): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length} ${part}`);
  const path = join(CACHE, `${hash.digest('hex').slice(0, 24)}-${name}`);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const aside = `${path}.${process.pid}`;
  make(aside);
  renameSync(aside, path);
  return path;
}

function compile(args: readonly string[]): void {
  const { status, stderr } = spawnSync(COMPILER, [`-I${join(SDK, 'include')}`, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** Runs a program of whatever make. @throws Error with what it printed, when it ends before it listens */
export class Server implements Hosted {
  readonly socket: string;
  readonly process: ChildProcess;
  readonly #folder: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #read = new Map<string, number>();

  private constructor(path: string, { args = [], env = {}, cwd }: Partial<Program> & { readonly cwd?: string | undefined }) {
    this.#folder = mkdtempSync(join(tmpdir(), 'weft-gcf-'));
    this.socket = join(this.#folder, 'socket');
    const [out, err] = STREAMS.map((name) => openSync(join(this.#folder, name), 'a'));
    this.process = spawn(path, [...args], {
      cwd: cwd ?? this.#folder,
      env: { ...env, WEFT_LISTEN: `unix:${this.socket}` },
      stdio: ['ignore', out, err],
    });
    for (const fd of [out, err]) if (fd !== undefined) closeSync(fd);
  }

  static async start(path: string, options: Partial<Program> & { readonly cwd?: string } = {}): Promise<Server> {
    const server = new Server(path, options);
    const ended = once(server.process, 'exit');
    for (const until = Date.now() + STARTED_MS; Date.now() < until; await sleep(5)) {
      if (await server.#listens()) return server;
      if (server.process.exitCode === null && server.process.signalCode === null) continue;
      const [code] = (await ended) as [number | null];
      const said = (await server.printed()).join('\n');
      await server.close();
      throw new Error(`exit ${code}\n${said}`);
    }
    await server.close();
    throw new Error('it does not listen');
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.socket, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }

  send({ method = 'POST', target = '/', headers = [], body = '' }: Request): Promise<Answer> {
    // A length that is given says only that there is one.
    const rest = headers.filter(([name]) => !/^content-length$/i.test(name));
    const length = [['Content-Length', String(Buffer.byteLength(body))] as const];
    const lines = [['Host', 'test'] as const, ...(body.length > 0 || rest.length < headers.length ? length : []), ...rest];
    return new Promise((resolve, reject) => {
      const asked = httpRequest(
        { socketPath: this.socket, agent: this.#agent, method, path: target, headers: lines.flat() },
        (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.once('error', reject);
          response.once('end', () => {
            const bytes = Buffer.concat(pieces);
            const found = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
            resolve({ status: response.statusCode ?? 0, headers: new Map(found), body: bytes.toString('utf8'), bytes });
          });
        },
      );
      asked.once('error', reject);
      asked.end(body);
    });
  }

  printed(): Promise<string[]> {
    const lines = STREAMS.flatMap((name) => {
      const all = readFileSync(join(this.#folder, name));
      const fresh = all.subarray(this.#read.get(name) ?? 0).toString('utf8');
      this.#read.set(name, all.length);
      return fresh.split('\n').filter((line) => line !== '');
    });
    return Promise.resolve(lines);
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = once(this.process, 'exit');
      this.process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
