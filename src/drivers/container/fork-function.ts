/** A container for each request: the request on its standard input, the answer on its standard output. */
import { randomUUID } from 'node:crypto';
import { type AnswerStream, type Driven, type DrivenRequest, type End, promised, STREAMED } from '../../engine/driver.ts';
import { TOO_LARGE } from '../../engine/contract.ts';
import { Collector } from '../../engine/host/wasi/output.ts';
import { WeftError } from '../../model/errors.ts';
import type { ProgramEnd, StdioWire } from '../wire.ts';
import type { Container } from './container.ts';
import type { ContainerFunction } from './container-function.ts';
import { type ContainerEnd, describeEnd, ranOutOfMemory, signalOf } from './exit.ts';
import { Queue } from './queue.ts';

const OK = 200;

export class ForkFunction implements Driven {
  readonly #fn: ContainerFunction;
  readonly #wire: StdioWire;
  /** Who waits until fewer containers run. */
  readonly #waiting = new Queue<void>();
  #running = 0;

  constructor(fn: ContainerFunction, wire: StdioWire) {
    this.#fn = fn;
    this.#wire = wire;
  }

  readonly run = promised((request) => this.#run(request));

  async #run(request: DrivenRequest): Promise<Exclude<End, WeftError>> {
    const early = this.#wire.admit?.(this.#fn.spec, request.input);
    if (early) return early;
    if (this.#running >= this.#fn.isolation.resources.instances) await this.#waiting.join(request.ending.signal);
    else this.#running++;
    try {
      return await new ForkedRun(this.#fn, this.#wire, request).run();
    } finally {
      // The place goes to who waits longest.
      if (!this.#waiting.give()) this.#running--;
    }
  }

  /** There is nothing to keep ready. */
  scale(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.#fn.close();
  }
}

class ForkedRun {
  readonly #fn: ContainerFunction;
  readonly #wire: StdioWire;
  readonly #request: DrivenRequest;
  readonly #call = { id: randomUUID(), startedAt: performance.now() };
  readonly #printed: Collector;
  /** Where what is printed goes at once, with its head; absent when the answer is made at the end. */
  readonly #stream: { readonly to: AnswerStream; readonly head: Uint8Array } | undefined;
  /** Aborted with the reason why there will be no (whole) answer. */
  readonly #broken = new AbortController();
  #begun = false;
  #streamedBytes = 0;

  constructor(fn: ContainerFunction, wire: StdioWire, request: DrivenRequest) {
    this.#fn = fn;
    this.#wire = wire;
    this.#request = request;
    this.#printed = new Collector(fn.spec.limits.responseBytes);
    const { stream } = request;
    const head = stream && wire.streamHead(fn.spec, request.input, this.#call);
    this.#stream = stream && head && { to: stream, head };
  }

  async run(): Promise<Exclude<End, WeftError>> {
    const { host, spec } = this.#fn;
    const { input, ending } = this.#request;
    const { signal } = ending;
    host.coldStart();
    const take = (piece: Buffer): void => this.#take(piece, container);
    const container = await this.#fn.createContainer({
      env: { ...spec.env, ...this.#wire.env(spec, input, this.#call) },
      stdin: true,
      locked: false,
      publish: undefined,
      stdout: take,
      ...(this.#wire.joinsErrors(spec) && { stderr: take }),
    });
    host.instances(1);
    try {
      signal.throwIfAborted();
      await container.start();
      container.attached.end(this.#wire.stdin(spec, input, this.#call));
      return this.#outcome(container, await this.#endOf(container, AbortSignal.any([signal, this.#broken.signal])));
    } finally {
      await container.remove();
      host.instances(-1);
    }
  }

  /** @throws the signal's reason */
  async #endOf(container: Container, signal: AbortSignal): Promise<ContainerEnd> {
    const { promise: broken, reject } = Promise.withResolvers<never>();
    const aborted = (): void => reject(signal.reason);
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
    try {
      const [end] = await Promise.race([Promise.all([container.ended, container.outputEnded]), broken]);
      return end;
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }

  #take(piece: Buffer, container: Container): void {
    if (this.#broken.signal.aborted) return;
    if (this.#stream) {
      this.#pass(this.#stream, piece, container);
      return;
    }
    this.#printed.write(piece);
    if (this.#printed.overflow) this.#tooLarge();
  }

  #tooLarge(): void {
    const { name, limits } = this.#fn.spec;
    this.#broken.abort(new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes }));
  }

  #pass({ to, head }: { readonly to: AnswerStream; readonly head: Uint8Array }, piece: Buffer, container: Container): void {
    this.#streamedBytes += piece.length;
    if (this.#streamedBytes > this.#fn.spec.limits.responseBytes) {
      this.#tooLarge();
      return;
    }
    if (!this.#begun) to.begin(OK, head);
    this.#begun = true;
    if (!to.write(piece)) {
      // The program waits with us: its pipe is full soon.
      container.pace.pause();
      void to.drained().then(() => container.pace.resume());
    }
  }

  #outcome(container: Container, end: ContainerEnd): Exclude<End, WeftError> {
    const { spec } = this.#fn;
    const { name, limits } = spec;
    // What its client is told of that is a matter of its contract.
    if (ranOutOfMemory(end)) this.#fn.host.log('error', new WeftError('WEFT_MEMORY', { name, bytes: limits.memoryBytes }).message);
    const signal = signalOf(end);
    if (end.unknown !== '' || (this.#begun && signal !== undefined))
      throw new WeftError('WEFT_FUNCTION_CRASHED', { name, reason: describeEnd(end, container.log.lastWords) });
    if (this.#begun) return STREAMED;
    const outcome = this.#wire.answer(spec, this.#request.input, this.#programEnd(container, end, signal));
    if (outcome === TOO_LARGE) throw new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes });
    return outcome;
  }

  #programEnd(container: Container, { exitCode }: ContainerEnd, signal: string | undefined): ProgramEnd {
    const ms = performance.now() - this.#call.startedAt;
    return { ...this.#call, ms, exitCode, signal, stdout: this.#printed.bytes, stderr: container.log.tail };
  }
}
