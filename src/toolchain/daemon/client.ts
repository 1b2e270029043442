/** The daemon as its builder sees it: started when first needed, started again when it died, gone when the builder is closed. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WeftError } from '../../model/errors.ts';
import type { InstrumentOptions } from '../rewrite/index.ts';
import type { StackNeed } from '../rewrite/stack-need.ts';
import type { FromDaemon, LlvmResult, Task, TaskResult, ToDaemon, VirtualFiles } from './messages.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
/** The first death may be bad luck (memory ran out, someone killed it); a task that kills two daemons would kill the third. */
const ATTEMPTS = 2;
const KEPT_STDERR = 4096;
/** Nobody has built for so long: the compiler's 400 MB are better used otherwise. */
const IDLE_MS = 10 * 60 * 1000;

interface Pending {
  readonly child: ChildProcess;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (cause: Error) => void;
}

class Died extends Error {}

export class Daemon {
  #child: ChildProcess | undefined;
  #closed = false;
  #lastId = 0;
  #idle: NodeJS.Timeout | undefined;
  readonly #pending = new Map<number, Pending>();

  /** Process of the daemon while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async llvm(args: readonly string[], files: VirtualFiles, outputs: readonly string[], signal: AbortSignal): Promise<LlvmResult> {
    const done = await this.run({ kind: 'llvm', args, files, outputs }, signal);
    if (done.kind !== 'llvm') throw new WeftError('WEFT_INTERNAL', { reason: `the build daemon answered ${done.kind}` });
    return done.result;
  }

  /** @throws WeftError WEFT_MODULE_INVALID, WEFT_MODULE_UNSUPPORTED */
  async instrument(wasm: Uint8Array, options: InstrumentOptions, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const done = await this.run({ kind: 'instrument', wasm, ...options }, signal);
    if (done.kind !== 'instrument') throw new WeftError('WEFT_INTERNAL', { reason: `the build daemon answered ${done.kind}` });
    return new Uint8Array(done.wasm);
  }

  /** How much of the stack it was linked with the module can need. */
  async stackNeed(wasm: Uint8Array, stackBytes: number, signal: AbortSignal): Promise<StackNeed> {
    const done = await this.run({ kind: 'stack-need', wasm, stackBytes }, signal);
    if (done.kind !== 'stack-need') throw new WeftError('WEFT_INTERNAL', { reason: `the build daemon answered ${done.kind}` });
    return done.need;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    this.#child?.kill('SIGKILL');
  }

  /** @throws WeftError of the task, or WEFT_COMPILER_DIED; the signal's reason */
  protected async run(task: Task, signal: AbortSignal): Promise<TaskResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(task, signal);
      } catch (cause) {
        if (!(cause instanceof Died)) throw cause;
        if (attempt === ATTEMPTS || this.#closed) throw new WeftError('WEFT_COMPILER_DIED', { reason: cause.message }, { cause });
      }
    }
  }

  async #attempt(task: Task, signal: AbortSignal): Promise<TaskResult> {
    signal.throwIfAborted();
    if (this.#closed) throw new Died('the builder was closed');
    const child = this.#alive();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<TaskResult>();
    const onAbort = (): void => {
      send(child, { type: 'cancel', id });
      reject(reasonOf(signal));
    };
    this.#pending.set(id, { child, resolve, reject });
    signal.addEventListener('abort', onAbort, { once: true });
    hold(child);
    clearTimeout(this.#idle);
    try {
      send(child, { type: 'run', id, task });
      const result = await promise;
      if (result.kind === 'broken') throw new Died(result.reason);
      if (result.kind === 'error') throw new WeftError(result.code, result.details);
      return result;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
      if (this.#pending.size === 0) {
        letGo(child);
        this.#idle = setTimeout(() => child.kill(), IDLE_MS).unref();
      }
    }
  }

  #alive(): ChildProcess {
    this.#child ??= this.#start();
    return this.#child;
  }

  #start(): ChildProcess {
    const child = fork(MAIN, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEPT_STDERR);
    });
    const gone = (why: string): void => {
      if (this.#child === child) this.#child = undefined;
      const cause = new Died(said.trim() === '' ? why : `${why}: ${said.trim()}`);
      for (const waiting of this.#pending.values()) if (waiting.child === child) waiting.reject(cause);
    };
    child.on('message', ({ id, result }: FromDaemon) => this.#pending.get(id)?.resolve(result));
    child.on('error', (cause) => gone(cause.message));
    child.on('exit', (code, killedBy) => gone(`the build daemon ended with ${killedBy ?? `code ${code}`}`));
    return child;
  }
}

/** A daemon that has died takes nothing; its exit is reported to all who wait. */
function send(child: ChildProcess, message: ToDaemon): void {
  if (child.connected) child.send(message, () => {});
}

/** An idle daemon keeps no program from ending; one at work does. */
function letGo(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  unrefStream(child, 'unref');
}

function hold(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
  unrefStream(child, 'ref');
}

/** The pipe is a socket, which its type does not say. */
function unrefStream({ stderr }: ChildProcess, what: 'ref' | 'unref'): void {
  if (stderr && what in stderr) (stderr as unknown as Record<typeof what, () => void>)[what]();
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}
