/** A worker process that has a library loaded and is called, one call at a time; what the library keeps, it keeps. */
import type { CallOutcome, DrivenHost, DrivenRequest } from '../../engine/driver.ts';
import { type Outcome, TOO_LARGE } from '../../engine/contract.ts';
import type { FunctionSettings } from '../../model/app.ts';
import type { CallWire } from '../wire.ts';
import { FRAME } from './frames.ts';
import { HostProcess } from './host-process.ts';
import type { Instance } from './instance-pool.ts';
import type { LaunchOptions } from './launch.ts';
import { WeftError } from '../../model/errors.ts';

const NOTHING = new Uint8Array(0);
const RESULT_BYTES = 4;
/** What weft-host says in place of a result (sdk/host/nightcore.c). */
const RESULT_TOO_LARGE = -0x8000_0000;
const RESULT_NO_MEMORY = -0x7fff_ffff;

export class CallWorker implements Instance {
  readonly #host: HostProcess;
  readonly #spec: FunctionSettings;
  readonly #wire: CallWire;
  readonly #calls: DrivenHost['call'];
  /** The library waits for another function; it has one voice, so it cannot ask for a second meanwhile. */
  #calling = false;

  private constructor(host: HostProcess, spec: FunctionSettings, wire: CallWire, calls: DrivenHost['call']) {
    this.#host = host;
    this.#spec = spec;
    this.#wire = wire;
    this.#calls = calls;
  }

  /** @throws WeftError WEFT_START_FAILED */
  static async start(spec: FunctionSettings, wire: CallWire, options: LaunchOptions, calls: DrivenHost['call']): Promise<CallWorker> {
    return new CallWorker(await HostProcess.start(options), spec, wire, calls);
  }

  get gone(): Promise<void> {
    return this.#host.gone;
  }

  get usable(): boolean {
    return this.#host.usable;
  }

  /** `over`: it can take the next, or is no longer usable. */
  run(request: DrivenRequest, over: () => void): Promise<Outcome> {
    const host = this.#host;
    return new Promise((resolve, reject) => {
      const done = (): void => {
        host.handler = undefined;
        host.onLost = undefined;
        request.signal.removeEventListener('abort', onAbort);
        over();
      };
      const fail = (cause: unknown): void => {
        done();
        reject(cause);
      };
      const onAbort = (): void => {
        // A library cannot be interrupted; what it was doing ends with its process.
        host.kill();
        fail(request.signal.reason);
      };
      request.signal.addEventListener('abort', onAbort);
      host.onLost = fail;
      host.handler = (type, payload) => {
        if (type === FRAME.invoke && !this.#calling) this.#invoke(request, payload);
        else if (type === FRAME.result && (payload === undefined || payload.length >= RESULT_BYTES)) {
          done();
          this.#answer(payload, resolve, reject);
        } else host.kill(); // not what a host says: the library has got hold of its socket
      };
      host.channel.send(FRAME.call, this.#wire.input(this.#spec, request.input));
    });
  }

  end(): Promise<void> {
    return this.#host.end('nobody');
  }

  #answer(payload: Buffer | undefined, resolve: (outcome: Outcome) => void, reject: (cause: unknown) => void): void {
    const { name, limits } = this.#spec;
    const result = payload ? payload.readInt32LE(0) : RESULT_TOO_LARGE;
    if (result === RESULT_TOO_LARGE) resolve(TOO_LARGE);
    else if (result === RESULT_NO_MEMORY) reject(new WeftError('WEFT_MEMORY', { name, bytes: limits.memoryBytes }));
    else resolve(this.#wire.answer(this.#spec, result, payload?.subarray(4) ?? NOTHING));
  }

  /** The library calls another function, and waits. */
  #invoke(request: DrivenRequest, payload: Buffer | undefined): void {
    this.#calling = true;
    const answer = ({ error, body }: Pick<CallOutcome, 'error' | 'body'>): void => {
      this.#calling = false;
      const code = Buffer.allocUnsafe(4);
      code.writeInt32LE(error, 0);
      if (this.#host.usable) this.#host.channel.send(FRAME.invoked, code, error === 0 ? body : NOTHING);
    };
    if (!payload || payload.length < 4 || payload.length - 4 < payload.readUInt32LE(0)) {
      answer({ error: -1, body: NOTHING });
      return;
    }
    const nameEnd = 4 + payload.readUInt32LE(0);
    void this.#calls(request, payload.toString('utf8', 4, nameEnd), payload.subarray(nameEnd)).then(answer);
  }
}
