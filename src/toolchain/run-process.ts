/** Runs a program of the toolchain to its end: no shell, output bounded, killed with all it started when the signal says so. */
import { spawn } from 'node:child_process';

export interface Ran {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  readonly argv0?: string;
}

/** A syntax tree of a file with large headers is the largest that anyone reads. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** @throws the signal's reason; an Error with a `code` when there is no such program. */
export function runProcess(program: string, args: readonly string[], { cwd, signal, env, argv0 }: RunOptions): Promise<Ran> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32', // a group of its own: make's children end with it
      ...(env && { env }),
      ...(argv0 !== undefined && { argv0 }),
    });
    const [stdout, stderr] = [new Kept(), new Kept()];
    child.stdout.on('data', (bytes: Buffer) => stdout.take(bytes));
    child.stderr.on('data', (bytes: Buffer) => stderr.take(bytes));
    const onAbort = (): void => {
      killGroup(child.pid);
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    child.once('error', (cause) => {
      signal.removeEventListener('abort', onAbort);
      reject(cause);
    });
    child.once('close', (code) => {
      signal.removeEventListener('abort', onAbort);
      resolve({ ok: code === 0, stdout: stdout.read(), stderr: stderr.read() });
    });
  });
}

class Kept {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  take(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes <= MAX_OUTPUT_BYTES) this.#pieces.push(bytes);
  }
  read(): string {
    return Buffer.concat(this.#pieces).toString('utf8');
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}
