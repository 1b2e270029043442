/** Turns the end of a chain into the answer of an HTTP request, and counts it. */
import { performance } from 'node:perf_hooks';
import { WeftError } from '../model/errors.ts';
import type { Exchange } from '../model/exchange.ts';
import { keepShape } from '../model/lasting-shape.ts';
import { MAX_RESPONSE_HEAD_BYTES } from '../model/limits.ts';
import type { Chain, Sink } from './chain.ts';
import { Failure, type Outcome, TOO_LARGE } from './contract.ts';
import type { HostedFunction, Version } from './version.ts';

const encoder = new TextEncoder();
const JSON_HEAD = encoder.encode('Content-Type: application/json\r\n');

export class HttpSink implements Sink {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  ended(chain: Chain, result: number): void {
    const { fn, version } = chain;
    const status = chain.streaming
      ? this.#endStream(chain, result)
      : respondOutcome(this.#exchange, version, fn, fn.contract.answer(chain, result));
    fn.counters.finished(status, performance.now() - chain.startedAt);
  }

  failed(chain: Chain, error: WeftError): void {
    chain.fn.counters.finished(error.entry.status, performance.now() - chain.startedAt);
    if (chain.streaming) this.#exchange.abort();
    else respondError(this.#exchange, error);
  }

  #endStream(chain: Chain, result: number): number {
    if (chain.fn.contract.streamIsWhole?.(chain, result) ?? result === 0) {
      this.#exchange.end();
      return 200;
    }
    chain.version.log(chain.fn, 'error', 'failed in the middle of a streamed answer');
    this.#exchange.abort();
    return 500;
  }
}

keepShape(() => new HttpSink({} as Exchange));

/** Answers with what a function gave, once that is seen to be within its limits and legal. The status that was sent. */
export function respondOutcome(exchange: Exchange, version: Version, fn: HostedFunction, outcome: Outcome): number {
  const { name, limits } = fn.spec;
  const refuse = (error: WeftError): number => {
    version.complain(fn, error);
    return respondError(exchange, error);
  };
  if (outcome instanceof Failure) {
    version.log(fn, 'error', outcome.reason);
    if (!outcome.answer) return respondError(exchange, new WeftError('WEFT_FUNCTION_FAILED', { name, reason: outcome.reason }));
    exchange.respond(outcome.answer.status, outcome.answer.head, outcome.answer.body);
    return outcome.answer.status;
  }
  if (outcome === TOO_LARGE || outcome.body.length > limits.responseBytes)
    return refuse(new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes }));
  const illegal = illegalHead(outcome.status, outcome.head);
  if (illegal !== undefined) return refuse(new WeftError('WEFT_BAD_RESPONSE', { name, reason: illegal }));
  exchange.respond(outcome.status, outcome.head, outcome.body);
  return outcome.status;
}

/** What is wrong with status and header lines at first sight; the ingress looks closer, at what is in the lines. */
export function illegalHead(status: number, head: Uint8Array): string | undefined {
  if (status < 200 || status > 599) return `status ${status} is not one of 200..599`;
  if (head.length > MAX_RESPONSE_HEAD_BYTES) return `${head.length} bytes of header lines are more than ${MAX_RESPONSE_HEAD_BYTES}`;
  return undefined;
}

export function respondError(exchange: Exchange, error: WeftError): number {
  exchange.respond(error.entry.status, JSON_HEAD, encoder.encode(`${JSON.stringify(error)}\n`));
  return error.entry.status;
}
