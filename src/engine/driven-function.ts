/** A deployed function that a driver runs, in one engine thread: admitted, counted and answered here; run by its instances. */
import type { FunctionSettings } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import type { Exchange } from '../model/exchange.ts';
import { callError, type PendingCall } from './call.ts';
import { Failure, type Input, type Outcome } from './contract.ts';
import { type Driven, type DrivenRequest, STREAMED } from './driver.ts';
import { respondError, respondOutcome } from './http-sink.ts';
import { FunctionCounters } from './metrics.ts';
import type { Version } from './version.ts';

const NOTHING = new Uint8Array(0);

/** What a driver has to end a request after its deadline. */
const GRACE_MS = 1000;

/** How a request came to its end. */
type End = Outcome | typeof STREAMED | WeftError;

export class DrivenFunction {
  readonly id: number;
  readonly spec: FunctionSettings;
  readonly counters = new FunctionCounters();
  running = 0;
  lastUsed = performance.now();
  /** Set once, when the version is made ready. */
  driven: Driven | undefined;

  constructor(id: number, spec: FunctionSettings) {
    this.id = id;
    this.spec = spec;
  }

  get name(): string {
    return this.spec.name;
  }

  /** @throws WeftError when it cannot be admitted */
  request(version: Version, exchange: Exchange): void {
    const startedAt = performance.now();
    const driven = this.#admit(version);
    const stream = new WatchedStream(exchange);
    const deadlineAt = startedAt + this.spec.limits.deadlineMs;
    const ending = new AbortController();
    exchange.onHungUp = () => ending.abort(new WeftError('WEFT_CLIENT_GONE', { name: this.name }));
    void this.#run(version, driven, ending, { input: owned(exchange), depth: 1, deadlineAt, stream }, (end) => {
      exchange.onHungUp = null;
      let status = 500;
      try {
        status = this.#answer(version, exchange, stream, end);
      } catch (cause) {
        exchange.abort(); // nobody is left to answer it
        throw cause;
      } finally {
        this.counters.finished(status, performance.now() - startedAt);
      }
    });
  }

  /** @throws WeftError when it cannot be admitted */
  call(version: Version, body: Uint8Array, pending: PendingCall, depth: number, deadlineAt: number): void {
    const driven = this.#admit(version);
    const input = { head: NOTHING, body: body.slice(), method: 'POST', path: '', query: '' };
    void this.#run(version, driven, new AbortController(), { input, depth, deadlineAt, stream: undefined }, (end) => {
      if (end instanceof WeftError) {
        version.complain(this, end);
        pending.settle(callError(end), end.entry.status, NOTHING);
      } else if (end !== STREAMED) pending.take(version, this, end);
    });
  }

  #admit({ runtime }: Version): Driven {
    const { name, limits } = this.spec;
    if (!this.driven) throw new WeftError('WEFT_FUNCTION_NOT_FOUND', { name });
    if (runtime.memory.exhausted) throw new WeftError('WEFT_EXHAUSTED', { reason: runtime.memory.describe() });
    if (this.running >= limits.concurrency) throw new WeftError('WEFT_CONCURRENCY', { name, limit: limits.concurrency });
    this.counters.started++;
    return this.driven;
  }

  /** Never rejects. `finish` tells whoever asked; what it throws is a defect, and nobody else's problem. */
  async #run(
    version: Version,
    driven: Driven,
    ending: AbortController,
    request: Omit<DrivenRequest, 'signal'>,
    finish: (end: End) => void,
  ): Promise<void> {
    const { name, limits } = this.spec;
    const { memory } = version.runtime;
    // What came in is kept here while its request waits for an instance and runs.
    const held = { usedBytes: request.input.head.length + request.input.body.length, countedBytes: 0 };
    memory.count(held);
    const late = setTimeout(
      () => ending.abort(new WeftError('WEFT_DEADLINE', { name, ms: limits.deadlineMs })),
      Math.max(0, request.deadlineAt - performance.now()),
    );
    // A driver ends its request itself, and then knows more about it; should it hang, the client is answered all the same.
    const overdue = Promise.withResolvers<never>();
    overdue.promise.catch(() => {});
    let last: NodeJS.Timeout | undefined;
    ending.signal.addEventListener('abort', () => {
      last = setTimeout(() => overdue.reject(ending.signal.reason as Error), GRACE_MS);
    });
    this.running++;
    this.counters.waiting++;
    version.chains++;
    let end: End;
    try {
      end = await Promise.race([driven.run({ ...request, signal: ending.signal }), overdue.promise]);
    } catch (cause) {
      end = asWeftError(cause);
    }
    clearTimeout(late);
    clearTimeout(last);
    memory.release(held);
    this.running--;
    this.counters.waiting--;
    this.lastUsed = performance.now();
    try {
      finish(end);
    } catch (cause) {
      version.log(this, 'error', `its answer was lost: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
    } finally {
      version.chainEnded();
    }
  }

  /** The status that is counted. */
  #answer(version: Version, exchange: Exchange, stream: WatchedStream, end: End): number {
    if (end === STREAMED) {
      exchange.end();
      return stream.status;
    }
    const error = end instanceof WeftError ? end : undefined;
    if (error?.code === 'WEFT_CLIENT_GONE') version.log(this, 'info', error.message);
    else if (error) version.complain(this, error);
    if (!stream.begun) return error ? respondError(exchange, error) : respondOutcome(exchange, version, this, end as Outcome);
    if (end instanceof Failure) version.log(this, 'error', end.reason);
    exchange.abort();
    return error?.entry.status ?? 500;
  }
}

/** Remembers whether an answer has begun: what fails afterwards can only break it off. */
class WatchedStream {
  status = 0;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  get begun(): boolean {
    return this.status !== 0;
  }

  get closed(): boolean {
    return this.#exchange.closed;
  }

  begin(status: number, head: Uint8Array): void {
    this.status = status;
    this.#exchange.begin(status, head);
  }

  write(piece: Uint8Array): boolean {
    return this.#exchange.write(piece);
  }

  drained(): Promise<void> {
    return this.#exchange.drained();
  }
}

function asWeftError(cause: unknown): WeftError {
  return cause instanceof WeftError ? cause : new WeftError('WEFT_INTERNAL', { reason: String(cause) }, { cause });
}

/** What the ingress lends is its own again when dispatch returns. */
function owned({ head, body, method, path, query, client }: Exchange): Input {
  return { head: head.slice(), body: body.slice(), method, path, query, client };
}
