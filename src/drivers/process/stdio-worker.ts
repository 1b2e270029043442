/** Workers whose programs are spoken to by standard input and output: run anew for each request (fork), or living on (hot). */
import { randomUUID } from 'node:crypto';
import { type Outcome, TOO_LARGE } from '../../engine/contract.ts';
import { asWeftError, type DrivenRequest, type End, STREAMED } from '../../engine/driver.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import { Tail } from '../tail.ts';
import type { FindEnd, ProgramCall, StdioWire } from '../wire.ts';
import { ErrorLog } from './error-log.ts';
import { crashed } from './failures.ts';
import { FRAME } from './frames.ts';
import { HostProcess } from './host-process.ts';
import type { Instance } from '../instance-pool.ts';
import { type LaunchOptions, signalName } from './launch.ts';
import { Collected, isLineFeeds, Streamed } from './program-output.ts';

const STDERR_BYTES = 64 * 1024;
/** From KILL to END. A program that cannot be killed so soon goes with its worker. */
const KILL_MS = 500;
/** How a shell tells that its program was ended by SIGKILL. */
const SHELL_KILLED = 137;
const NO_BYTES = Buffer.alloc(0);
/** In the JSON around an answer of a hot program a byte may take six. */
const FRAMED_BYTE = 6;

export interface StdioParts {
  readonly spec: FunctionSettings;
  readonly wire: StdioWire;
  readonly options: LaunchOptions;
  /** What is in the environment whatever the request is. */
  readonly env: Readonly<Record<string, string>>;
}

export class StdioWorker implements Instance {
  readonly #host: HostProcess;
  readonly #parts: StdioParts;
  readonly #life: 'fork' | 'hot';

  private constructor(host: HostProcess, parts: StdioParts, life: 'fork' | 'hot') {
    this.#host = host;
    this.#parts = parts;
    this.#life = life;
  }

  /** @throws WeftError WEFT_START_FAILED */
  static async start(parts: StdioParts, life: 'fork' | 'hot', closing: AbortSignal): Promise<StdioWorker> {
    return new StdioWorker(await HostProcess.start(parts.options, closing), parts, life);
  }

  get gone(): Promise<void> {
    return this.#host.gone;
  }

  get usable(): boolean {
    return this.#host.usable;
  }

  /** After a deadline, `over` is called later than `ended`. */
  run(request: DrivenRequest, ended: (end: End) => void, over: () => void): void {
    const run = { request, ended, over };
    if (this.#life === 'fork') new ForkRun(this.#host, this.#parts, run).begin();
    else new HotRun(this.#host, this.#parts, run).begin();
  }

  end(): Promise<void> {
    return this.#host.end(this.#life === 'hot' ? 'programs' : 'nobody');
  }
}

interface Running {
  readonly request: DrivenRequest;
  readonly ended: (end: End) => void;
  readonly over: () => void;
}

/** One request in a worker. */
abstract class Run {
  protected readonly host: HostProcess;
  protected readonly parts: StdioParts;
  protected readonly request: DrivenRequest;
  protected readonly call: ProgramCall = { id: randomUUID(), startedAt: performance.now() };
  protected readonly stderr = new Tail(STDERR_BYTES);
  protected readonly errors: ErrorLog;
  readonly #memoryKills: number;
  readonly #running: Running;
  #answered = false;

  constructor(host: HostProcess, parts: StdioParts, running: Running, errors: ErrorLog) {
    this.host = host;
    this.parts = parts;
    this.request = running.request;
    this.#running = running;
    this.#memoryKills = host.process.memoryKills;
    this.errors = errors;
  }

  /** @throws what the contract throws: nothing has been asked of the program then */
  begin(): void {
    const { host } = this;
    this.ask();
    host.handler = (type, payload = NO_BYTES) => this.#frame(type, payload);
    host.onLost = (error) => {
      this.release();
      this.fail(error);
    };
    this.request.ending.onEnded = (reason) => {
      this.abandon();
      this.fail(reason);
    };
  }

  /** Tells the program what to do. */
  protected abstract ask(): void;
  protected abstract print(piece: Buffer): void;
  /** The program is gone. */
  protected abstract ended(exitCode: number, signal: string | undefined): void;
  protected abstract abandon(): void;

  /** Whether the kernel killed something in this worker for lack of memory while the request ran. */
  protected get outOfMemory(): boolean {
    return this.host.process.memoryKills > this.#memoryKills;
  }

  protected get ms(): number {
    return performance.now() - this.call.startedAt;
  }

  /** What comes first counts. The worker is released before, if it is to be: whoever got an answer may ask again at once. */
  protected succeed(outcome: () => Outcome | typeof STREAMED): void {
    if (this.#answered) return;
    let end: End;
    try {
      end = outcome();
    } catch (cause) {
      end = asWeftError(cause);
    }
    this.#answer(end);
  }

  protected fail(cause: WeftError): void {
    this.#answer(cause);
  }

  #answer(end: End): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#running.ended(end);
  }

  protected crash(exitCode: number, signal: string | undefined): void {
    const { options } = this.parts;
    const exit = { code: exitCode, signal, outOfMemory: (signal === 'SIGKILL' || exitCode === SHELL_KILLED) && this.outOfMemory };
    this.fail(crashed(options.place, { lastLines: this.errors.lastLines }, exit));
  }

  protected release(): void {
    this.request.ending.onEnded = undefined;
    this.host.handler = undefined;
    this.host.onLost = undefined;
    this.#running.over();
  }

  #frame(type: number, payload: Buffer): void {
    if (type === FRAME.stdout) this.print(payload);
    else if (type === FRAME.stderr) {
      this.stderr.write(payload);
      this.errors.write(payload);
    } else if (type === FRAME.end && payload.length >= 8) {
      this.errors.endLine();
      this.ended(payload.readInt32LE(0), signalName(payload.readInt32LE(4)));
    } else this.host.kill();
  }
}

class ForkRun extends Run {
  readonly #streamed: Streamed | undefined;
  readonly #collected: Collected;

  #late: NodeJS.Timeout | undefined;

  constructor(host: HostProcess, parts: StdioParts, running: Running) {
    super(host, parts, running, new ErrorLog(parts.options.log, host.channel));
    const { spec, wire } = parts;
    const { stream, input } = running.request;
    const { responseBytes } = spec.limits;
    const head = stream && wire.streamHead(spec, input, this.call);
    this.#streamed = stream && head && new Streamed({ stream, head, flow: this.errors.pace, responseBytes });
    this.#collected = new Collected(responseBytes);
  }

  protected ask(): void {
    const { spec, wire, env } = this.parts;
    const { request, host } = this;
    const block = environmentBlock({ ...env, ...wire.env(spec, request.input, this.call) });
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(block.length, 0);
    host.channel.send(FRAME.run, length, block, wire.stdin(spec, request.input, this.call));
  }

  protected print(piece: Buffer): void {
    if (this.request.ending.reason) return;
    const answer = this.#streamed ?? this.#collected;
    if (answer.overflow) return;
    answer.write(piece);
    if (!answer.overflow) return;
    const { name, limits } = this.parts.spec;
    this.abandon();
    this.fail(new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes }));
  }

  protected ended(exitCode: number, signal: string | undefined): void {
    const { spec, wire } = this.parts;
    this.release();
    if (signal === 'SIGKILL' && this.outOfMemory) this.crash(exitCode, signal);
    else if (!this.#streamed?.begun) {
      const end = { ...this.call, ms: this.ms, exitCode, signal, stdout: this.#collected.bytes, stderr: this.stderr.bytes };
      this.succeed(() => wire.answer(spec, this.request.input, end));
    } else if (signal === undefined) this.succeed(() => STREAMED);
    else this.crash(exitCode, signal);
  }

  /** The worker goes on as soon as the program is gone. */
  protected abandon(): void {
    this.errors.pace.resume();
    this.host.channel.send(FRAME.kill);
    this.#late = setTimeout(() => this.host.kill(), KILL_MS);
  }

  protected override release(): void {
    clearTimeout(this.#late);
    this.errors.end(); // the next one does not wait for what this one waited for
    super.release();
  }
}

class HotRun extends Run {
  readonly #collected: Collected;
  readonly #end: FindEnd | undefined;

  constructor(host: HostProcess, parts: StdioParts, running: Running) {
    super(host, parts, running, host.errors);
    const { spec, wire } = parts;
    this.#collected = new Collected(spec.limits.responseBytes * FRAMED_BYTE);
    this.#end = wire.answerEnd?.(spec);
  }

  protected ask(): void {
    const { spec, wire } = this.parts;
    this.host.channel.send(FRAME.feed, wire.stdin(spec, this.request.input, this.call));
  }

  protected print(piece: Buffer): void {
    const { spec, wire } = this.parts;
    this.#collected.write(piece);
    if (this.#collected.overflow) {
      this.#giveUp(() => this.succeed(() => TOO_LARGE));
      return;
    }
    const printed = this.#collected.bytes;
    let whole: number | undefined;
    try {
      whole = this.#end?.(printed);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#giveUp(() => this.fail(cause instanceof WeftError ? cause : new WeftError('WEFT_BAD_RESPONSE', { name: spec.name, reason })));
      return;
    }
    if (whole === undefined) return;
    const end = {
      ...this.call,
      ms: this.ms,
      exitCode: 0,
      signal: undefined,
      stdout: printed.subarray(0, whole),
      stderr: this.stderr.bytes,
    };
    // What comes behind an answer belongs to nobody, and would be taken for the start of the next; a line feed would be skipped.
    if (!isLineFeeds(printed.subarray(whole))) this.host.kill();
    this.release();
    this.succeed(() => wire.answer(spec, this.request.input, end));
  }

  protected ended(exitCode: number, signal: string | undefined): void {
    this.host.kill();
    this.release();
    this.crash(exitCode, signal);
  }

  /** What it would answer later would be taken for the answer to the next. */
  protected abandon(): void {
    this.host.kill();
    this.release();
  }

  #giveUp(say: () => void): void {
    this.abandon();
    say();
  }
}

/** `NAME=value`, each ended by NUL; what a name or value cannot hold is left out. */
function environmentBlock(env: Readonly<Record<string, string>>): Buffer {
  let block = '';
  for (const [name, value] of Object.entries(env)) if (!name.includes('=')) block += `${name}=${value}`.replaceAll('\0', '') + '\0';
  return Buffer.from(block);
}
