/** A container whose program reads one request after the other from its standard input, and answers on its standard output. */
import { randomUUID } from 'node:crypto';
import type { DrivenRequest, End } from '../../engine/driver.ts';
import { Collector } from '../../engine/host/wasi/output.ts';
import { WeftError } from '../../model/errors.ts';
import type { FindEnd, StdioWire } from '../wire.ts';
import type { Container } from './container.ts';
import type { ContainerFunction } from './container-function.ts';
import { InstanceLife } from './instance-life.ts';
import { InstanceLost, type Runner } from './pooled-function.ts';

/** What an answer may have beside its body: its head, or JSON around it, where each byte may take six. */
const FRAMING_BYTES = 64 * 1024;
const FRAMED_BYTE = 6;
const LINE_FEEDS = new Set([10, 13]);

interface Pending {
  readonly printed: Collector;
  readonly end: FindEnd | undefined;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (cause: unknown) => void;
}

export class HotInstance implements Runner {
  readonly #fn: ContainerFunction;
  readonly #wire: StdioWire;
  readonly #container: Container;
  readonly #life: InstanceLife;
  #pending: Pending | undefined;

  private constructor(fn: ContainerFunction, wire: StdioWire, container: Container, freezeMs: number) {
    this.#fn = fn;
    this.#wire = wire;
    this.#container = container;
    const letGo = (): void => void container.attached.end(); // it reads the end of its input
    this.#life = new InstanceLife({ fn, container, freezeMs, letGo });
    void container.ended.then(() =>
      this.#pending?.reject(new WeftError('WEFT_FUNCTION_CRASHED', { name: fn.spec.name, reason: container.obituary })),
    );
  }

  /** @throws WeftError WEFT_IMAGE, WEFT_START_FAILED, WEFT_CONTAINER_ENGINE */
  static async start(fn: ContainerFunction, wire: StdioWire, freezeMs: number): Promise<HotInstance> {
    let instance: HotInstance | undefined;
    const container = await fn.createContainer({
      env: { ...fn.spec.env, ...wire.lifeEnv(fn.spec) },
      stdin: true,
      locked: false,
      publish: undefined,
      stdout: (piece) => {
        if (instance) instance.#printed(piece);
      },
    });
    try {
      await container.start();
    } catch (cause) {
      await container.remove();
      throw cause;
    }
    return (instance = new HotInstance(fn, wire, container, freezeMs));
  }

  get gone(): Promise<void> {
    return this.#life.gone;
  }

  get usable(): boolean {
    return this.#life.usable;
  }

  async run(request: DrivenRequest): Promise<End> {
    const { spec } = this.#fn;
    const { input, ending } = request;
    const { signal } = ending;
    const call = { id: randomUUID(), startedAt: performance.now() };
    await this.#life.wake();
    if (this.#container.end) throw new InstanceLost('it has ended');
    signal.throwIfAborted();
    const aborted = (): void => this.#pending?.reject(signal.reason);
    signal.addEventListener('abort', aborted);
    try {
      const stdout = await this.#ask(this.#wire.stdin(spec, input, call));
      const ms = performance.now() - call.startedAt;
      const outcome = this.#wire.answer(spec, input, {
        ...call,
        ms,
        exitCode: 0,
        signal: undefined,
        stdout,
        stderr: this.#container.log.tail,
      });
      if (outcome === 'too large') throw new WeftError('WEFT_RESPONSE_TOO_LARGE', { name: spec.name, bytes: spec.limits.responseBytes });
      return outcome;
    } catch (cause) {
      // What it prints from now on would be taken for the answer to another request.
      this.#life.forsake();
      throw cause;
    } finally {
      signal.removeEventListener('abort', aborted);
      this.#pending = undefined;
      this.#life.idle();
    }
  }

  end(): Promise<void> {
    return this.#life.end();
  }

  #ask(stdin: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const printed = new Collector(this.#fn.spec.limits.responseBytes * FRAMED_BYTE + FRAMING_BYTES);
    this.#pending = { printed, end: this.#wire.answerEnd?.(this.#fn.spec), resolve, reject };
    this.#container.attached.write(stdin);
    return promise;
  }

  #printed(piece: Buffer): void {
    if (this.#life.forsaken) return;
    const pending = this.#pending;
    const { name, limits } = this.#fn.spec;
    if (!pending) {
      // A line feed behind an answer may come late. Anything else answers nothing.
      if (!piece.every((byte) => LINE_FEEDS.has(byte))) this.#outOfTurn();
      return;
    }
    pending.printed.write(piece);
    if (pending.printed.overflow) {
      pending.reject(new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes }));
      return;
    }
    try {
      this.#complete(pending);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      pending.reject(new WeftError('WEFT_BAD_RESPONSE', { name, reason }, { cause }));
    }
  }

  #complete({ printed, end, resolve }: Pending): void {
    const { bytes } = printed;
    const length = end?.(bytes);
    if (length === undefined) return;
    const rest = bytes.subarray(length);
    this.#pending = undefined;
    if (!rest.every((byte) => LINE_FEEDS.has(byte))) this.#outOfTurn();
    resolve(bytes.subarray(0, length));
  }

  #outOfTurn(): void {
    this.#fn.host.log('error', 'it printed more than its answer, and is replaced: what it prints next could not be told from an answer');
    this.#life.forsake();
  }
}
