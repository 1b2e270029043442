/** The real ./weft as a process, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/checks/step.ts';
import { CACHE } from '../toolchain/workshop.ts';

export const WEFT = join(ROOT, 'weft');

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** In place of weft. */
  readonly program?: string;
}

/** How long a test waits for what should come; not how long it should take. */
const PATIENCE_MS = 60_000;

export class Workshop implements AsyncDisposable {
  readonly folder: string;
  readonly #cache: string;
  readonly #running = new Set<Running>();

  private constructor(folder: string, cache: string) {
    this.folder = folder;
    this.#cache = cache;
  }

  static async open(): Promise<Workshop> {
    return new Workshop(await mkdtemp(join(tmpdir(), 'weft-cli-')), CACHE);
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  async copyExample(name: string): Promise<string> {
    await cp(join(ROOT, 'examples', name), this.path(name), { recursive: true });
    return this.path(name);
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.start(args, options).outcome;
  }

  start(args: readonly string[], { input, env = {}, cwd = this.folder, program = WEFT }: RunOptions = {}): Running {
    const child = spawn(program, args, {
      cwd,
      env: this.#environment(env),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    child.stdin?.on('error', () => {}).end(input);
    const running = new Running(child);
    this.#running.add(running);
    void running.outcome.finally(() => this.#running.delete(running));
    return running;
  }

  /** `weft up …` on a free port, once it has printed its line. */
  async up(args: readonly string[], options: RunOptions = {}): Promise<Running> {
    const up = this.start(['up', '--port', '0', ...args], options);
    await up.printed(/\n/);
    return up;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) await running.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    const { PATH, HOME } = process.env;
    return { PATH, HOME, WEFT_CACHE: this.#cache, WEFT_DATA: this.path('.weft'), WEFT_CONFIG: this.path('.config'), ...env };
  }
}

export class Running {
  readonly pid: number;
  readonly outcome: Promise<Outcome>;
  readonly #child: ChildProcess;
  #data = '';
  #talk = '';
  #ended = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      this.#data += piece;
    });
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      this.#talk += piece;
    });
    this.outcome = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#ended = true;
        resolve({ code, signal, stdout: this.#data, stderr: this.#talk });
      });
    });
  }

  /** The first line of its standard output: where `weft up` answers. */
  get url(): string {
    return this.#data.split('\n')[0] ?? '';
  }

  /** What it wrote to standard error so far. */
  get talk(): string {
    return this.#talk;
  }

  /** Waits for output that matches. */
  async printed(pattern: RegExp): Promise<void> {
    const holds = (): boolean => pattern.test(this.#data);
    await until(
      () => holds() || this.#ended,
      () => `${pattern} in:\n${this.#data}${this.#talk}`,
    );
    if (!holds()) throw new Error(`it ended without ${pattern}:\n${this.#data}${this.#talk}`);
  }

  /** Waits for talk that matches, from position `from` on. */
  async said(pattern: RegExp, from = 0): Promise<void> {
    await until(
      () => pattern.test(this.#talk.slice(from)),
      () => `${pattern} in:\n${this.#talk.slice(from)}`,
    );
  }

  /** From now on nobody is at the other end of its standard output. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(name: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> {
    this.#child.kill(name);
    return this.outcome;
  }
}

export async function until(holds: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
