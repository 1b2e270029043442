/** One container from its creation to its removal: attached before it starts, so that nothing it prints is lost, and waited for. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { WeftError } from '../../model/errors.ts';
import { Pace } from '../pace.ts';
import { type ContainerPlan, createBody } from './container-settings.ts';
import type { ContainerEngine } from './engine.ts';
import { EngineRefusal } from './engine-connection.ts';
import { type ContainerEnd, describeEnd } from './exit.ts';
import { FrameReader, type OutputName } from './frames.ts';
import type { OutputLog } from './output-log.ts';

export interface ContainerOptions {
  /** Of the function. */
  readonly name: string;
  readonly plan: ContainerPlan;
  readonly log: OutputLog;
  /** Takes standard output; it goes to the log when absent. */
  readonly stdout?: (piece: Buffer) => void;
  /** The same for standard error. */
  readonly stderr?: (piece: Buffer) => void;
}

/** Output that was printed before the end may arrive a little after it. */
const LAST_OUTPUT_MS = 1000;

export class Container {
  readonly id: string;
  readonly log: OutputLog;
  /** Its input (when it has one) and output. */
  readonly attached: Duplex;
  /** Of its output: what is not read fills the engine's buffers and its pipes, and then it waits. */
  readonly pace: Pace;
  /** All of its output has arrived. */
  readonly outputEnded: Promise<void>;
  /** How it ended, set when `ended` resolves. */
  end: ContainerEnd | undefined;
  readonly #engine: ContainerEngine;
  readonly #name: string;
  readonly #waiting = new AbortController();
  #ended: Promise<ContainerEnd> | undefined;

  private constructor(id: string, engine: ContainerEngine, attached: Duplex, { name, log, stdout, stderr }: ContainerOptions) {
    this.id = id;
    this.log = log;
    this.attached = attached;
    this.#engine = engine;
    this.#name = name;
    this.pace = new Pace(attached);
    const take: Record<OutputName, (piece: Buffer) => void> = {
      stdout: stdout ?? ((piece) => this.pace.rest(log.stdout(piece))),
      stderr: stderr ?? ((piece) => this.pace.rest(log.stderr(piece))),
    };
    const frames = new FrameReader((output, piece) => take[output](piece));
    attached.on('data', (bytes: Buffer) => frames.push(bytes));
    attached.on('error', () => {}); // of a container that ended before it read its input
    this.outputEnded = once(attached, 'close').then(
      () => log.flush(),
      () => {},
    );
  }

  /** @throws WeftError WEFT_IMAGE, WEFT_START_FAILED, WEFT_CONTAINER_ENGINE */
  static async create(engine: ContainerEngine, options: ContainerOptions): Promise<Container> {
    const { name, plan } = options;
    const unique = `weft-${name}-${randomBytes(6).toString('hex')}`;
    const id = await engine.create(unique, createBody(plan)).catch((cause: unknown) => {
      throw refused(name, plan.isolation.image, cause);
    });
    try {
      return new Container(id, engine, await engine.api.attach(id, { stdin: plan.stdin }), options);
    } catch (cause) {
      await engine.remove(id);
      throw refused(name, plan.isolation.image, cause);
    }
  }

  /** @throws WeftError WEFT_START_FAILED, WEFT_CONTAINER_ENGINE */
  async start(): Promise<void> {
    try {
      await this.#engine.api.start(this.id);
    } catch (cause) {
      if (!(cause instanceof EngineRefusal)) throw cause;
      throw new WeftError('WEFT_START_FAILED', { name: this.#name, reason: cause.message }, { cause });
    }
    this.#ended = this.#wait();
  }

  /** Never rejects. Only of one that was started. */
  get ended(): Promise<ContainerEnd> {
    if (!this.#ended) throw new TypeError('a container that was not started does not end');
    return this.#ended;
  }

  /** How it ended, and its last words. */
  get obituary(): string {
    return this.end ? describeEnd(this.end, this.log.lastWords) : '';
  }

  /** SIGTERM; SIGKILL to what is still there after so long. Then it is removed, and what it printed is in its log. Never rejects. */
  async stop(seconds: number): Promise<void> {
    await this.#engine.api.stop(this.id, seconds).then(
      () => this.#lastOutput(),
      () => {}, // removal is by force
    );
    await this.remove();
  }

  /** At once, whatever it does, and nothing more is read of it. Never rejects. */
  async remove(): Promise<void> {
    // First: until the engine has removed it, it may print as fast as it can, and the engine throws that away.
    this.attached.destroy();
    this.pace.end();
    await this.#engine.remove(this.id);
    this.#waiting.abort();
  }

  async #wait(): Promise<ContainerEnd> {
    this.end = await this.#endOf();
    await this.#lastOutput();
    return this.end;
  }

  async #lastOutput(): Promise<void> {
    await Promise.race([this.outputEnded, delay(LAST_OUTPUT_MS, undefined, { ref: false })]);
  }

  async #endOf(): Promise<ContainerEnd> {
    const { api } = this.#engine;
    try {
      const exitCode = await api.wait(this.id, this.#waiting.signal);
      const { State } = await api.inspect(this.id);
      return { exitCode, oomKilled: State.OOMKilled ?? false, unknown: '' };
    } catch (cause) {
      const unknown = this.#waiting.signal.aborted ? 'it was removed' : String(cause);
      return { exitCode: -1, oomKilled: false, unknown };
    }
  }
}

/** What the engine said to an image or to settings that it does not like. */
function refused(name: string, image: string, cause: unknown): unknown {
  if (!(cause instanceof EngineRefusal)) return cause;
  const { message: reason } = cause;
  return cause.status === 404
    ? new WeftError('WEFT_IMAGE', { name, image, reason }, { cause })
    : new WeftError('WEFT_START_FAILED', { name, reason }, { cause });
}
