/** A deployed function that a driver runs, in one engine thread: admitted, counted and answered here; run by its instances. */
import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import type { FunctionSettings } from '../model/app.ts';
import { copyOf } from '../model/bytes.ts';
import { WeftError } from '../model/errors.ts';
import type { Exchange, ToWebSocket } from '../model/exchange.ts';
import { callError, type PendingCall } from './call.ts';
import { Failure, type Input } from './contract.ts';
import { type AnswerStream, type Driven, type End, STREAMED } from './driver.ts';
import { DrivenRun } from './driven-run.ts';
import { respondError, respondOutcome } from './http-sink.ts';
import { FunctionCounters } from './metrics.ts';
import type { Version } from './version.ts';

const NOTHING = new Uint8Array(0);
/** Of an answer that made its connection a WebSocket, however that ended. */
const SWITCHED = 101;

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
    const finish = (end: End, now: number): void => {
      exchange.onHungUp = null;
      let status = 500;
      try {
        status = this.#answer(version, exchange, stream, end);
      } catch (cause) {
        exchange.abort(); // nobody is left to answer it
        throw cause;
      } finally {
        this.counters.finished(status, now - startedAt);
      }
    };
    const run = new DrivenRun(version, this, { input: owned(exchange), depth: 1, startedAt, deadlineAt, stream, finish });
    stream.onWebSocket = () => run.lasts();
    exchange.onHungUp = () => run.end(new WeftError('WEFT_CLIENT_GONE', { name: this.name }));
    run.start(driven);
  }

  /** @throws WeftError when it cannot be admitted */
  call(version: Version, body: Uint8Array, pending: PendingCall, depth: number, deadlineAt: number): void {
    const driven = this.#admit(version);
    const input = { head: NOTHING, body: copyOf(body), method: 'POST', path: '', query: '' };
    const finish = (end: End): void => {
      if (end instanceof WeftError) {
        version.complain(this, end);
        pending.settle(callError(end), end.entry.status, NOTHING);
      } else if (end !== STREAMED) pending.take(version, this, end);
    };
    const startedAt = performance.now();
    new DrivenRun(version, this, { input, depth, startedAt, deadlineAt, stream: undefined, finish }).start(driven);
  }

  #admit({ runtime }: Version): Driven {
    const { name, limits } = this.spec;
    if (!this.driven) throw new WeftError('WEFT_FUNCTION_NOT_FOUND', { name });
    if (runtime.memory.exhausted) throw new WeftError('WEFT_EXHAUSTED', { reason: runtime.memory.describe() });
    if (this.running >= limits.concurrency) throw new WeftError('WEFT_CONCURRENCY', { name, limit: limits.concurrency });
    this.counters.started++;
    return this.driven;
  }

  /** The status that is counted. */
  #answer(version: Version, exchange: Exchange, stream: WatchedStream, end: End): number {
    if (end === STREAMED || stream.status === SWITCHED) {
      exchange.end();
      return stream.status;
    }
    const error = end instanceof WeftError ? end : undefined;
    if (error?.code === 'WEFT_CLIENT_GONE') version.log(this, 'info', error.message);
    else if (error) version.complain(this, error);
    if (!stream.begun) return end instanceof WeftError ? respondError(exchange, end) : respondOutcome(exchange, version, this, end);
    if (end instanceof Failure) version.log(this, 'error', end.reason);
    exchange.abort();
    return error?.entry.status ?? 500;
  }
}

/** Remembers whether an answer has begun: what fails afterwards can only break it off. */
class WatchedStream implements AnswerStream {
  status = 0;
  onWebSocket: (() => void) | undefined;
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

  get toWebSocket(): ToWebSocket | undefined {
    const { toWebSocket } = this.#exchange;
    return (
      toWebSocket &&
      ((head, server) => {
        this.status = SWITCHED;
        // Its end is that of `server`.
        this.#exchange.onHungUp = null;
        this.onWebSocket?.();
        toWebSocket(head, server);
      })
    );
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

/** What the ingress lends is its own again when dispatch returns. */
function owned({ head, body, method, path, query, client }: Exchange): Input {
  // Short ones share one ArrayBuffer: to make one for each, and to collect it, takes longer than all else that is done here.
  return { head: Buffer.from(head), body: Buffer.from(body), method, path, query, client };
}
