/** A worker process that has a library loaded and is called, one call at a time; what the library keeps, it keeps. */
import type { CallOutcome, DrivenHost, DrivenRequest, End } from '../../engine/driver.ts';
import { asWeftError } from '../../engine/driver.ts';
import { type Outcome, TOO_LARGE } from '../../engine/contract.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import type { CallWire } from '../wire.ts';
import { FRAME } from './frames.ts';
import { type FrameHandler, HostProcess } from './host-process.ts';
import type { Instance } from '../instance-pool.ts';
import type { LaunchOptions } from './launch.ts';

const NOTHING = Buffer.alloc(0);
const RESULT_BYTES = 4;
/** What weft-host says in place of a result (sdk/host/nightcore.c). */
const RESULT_TOO_LARGE = -0x8000_0000;
const RESULT_NO_MEMORY = -0x7fff_ffff;

export interface CallParts {
  readonly spec: FunctionSettings;
  readonly wire: CallWire;
  readonly options: LaunchOptions;
  readonly calls: DrivenHost['call'];
}

/** The request that runs. */
interface Running {
  readonly request: DrivenRequest;
  readonly ended: (end: End) => void;
  readonly over: () => void;
}

export class CallWorker implements Instance {
  readonly #host: HostProcess;
  readonly #spec: FunctionSettings;
  readonly #wire: CallWire;
  readonly #calls: DrivenHost['call'];
  #running: Running | undefined;
  /** The library waits for another function; it has one voice, so it cannot ask for a second meanwhile. */
  #calling = false;

  private constructor(host: HostProcess, spec: FunctionSettings, wire: CallWire, calls: DrivenHost['call']) {
    this.#host = host;
    this.#spec = spec;
    this.#wire = wire;
    this.#calls = calls;
  }

  /** @throws WeftError WEFT_START_FAILED */
  static async start({ spec, wire, options, calls }: CallParts, closing: AbortSignal): Promise<CallWorker> {
    return new CallWorker(await HostProcess.start(options, closing), spec, wire, calls);
  }

  get gone(): Promise<void> {
    return this.#host.gone;
  }

  get usable(): boolean {
    return this.#host.usable;
  }

  run(request: DrivenRequest, ended: (end: End) => void, over: () => void): void {
    const host = this.#host;
    const input = this.#wire.input(this.#spec, request.input);
    this.#running = { request, ended, over };
    request.ending.onEnded = this.#onEnded;
    host.onLost = this.#finish;
    host.handler = this.#onFrame;
    host.channel.send(FRAME.call, input);
  }

  end(): Promise<void> {
    return this.#host.end('nobody');
  }

  readonly #onFrame: FrameHandler = (type, payload) => {
    const { channel } = this.#host;
    // Who asks waits, and has read the answer to what it asked before.
    if (type === FRAME.invoke && !this.#calling && !channel.more && !channel.congested) this.#invoke(payload);
    else if (type === FRAME.result && (payload === undefined || payload.length >= RESULT_BYTES)) this.#finish(this.#outcome(payload));
    else this.#host.kill(); // not what a host says: the library has got hold of its socket
  };

  /** A library cannot be interrupted; what it was doing ends with its process. */
  readonly #onEnded = (reason: WeftError): void => {
    this.#host.kill();
    this.#finish(reason);
  };

  readonly #finish = (end: End): void => {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    this.#host.handler = undefined;
    this.#host.onLost = undefined;
    running.request.ending.onEnded = undefined;
    running.over();
    running.ended(end);
  };

  #outcome(payload: Buffer | undefined): Outcome | WeftError {
    const { name, limits } = this.#spec;
    const result = payload ? payload.readInt32LE(0) : RESULT_TOO_LARGE;
    if (result === RESULT_TOO_LARGE) return TOO_LARGE;
    if (result === RESULT_NO_MEMORY) return new WeftError('WEFT_MEMORY', { name, bytes: limits.memoryBytes });
    try {
      return this.#wire.answer(this.#spec, result, payload?.subarray(RESULT_BYTES) ?? NOTHING);
    } catch (cause) {
      return asWeftError(cause);
    }
  }

  /** The library calls another function, and waits. */
  #invoke(payload: Buffer | undefined): void {
    const running = this.#running;
    if (!running) return;
    this.#calling = true;
    if (!payload || payload.length < 4 || payload.length - 4 < payload.readUInt32LE(0)) {
      this.#invoked(REFUSED);
      return;
    }
    const nameEnd = 4 + payload.readUInt32LE(0);
    this.#calls(running.request, payload.toString('utf8', 4, nameEnd), payload.subarray(nameEnd), this.#invoked);
  }

  readonly #invoked = ({ error, body }: Pick<CallOutcome, 'error' | 'body'>): void => {
    this.#calling = false;
    if (!this.#host.usable) return;
    const code = Buffer.allocUnsafe(4);
    code.writeInt32LE(error, 0);
    this.#host.channel.send(FRAME.invoked, code, error === 0 ? body : NOTHING);
  };
}

const REFUSED = { error: -1, body: NOTHING };
