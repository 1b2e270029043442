/** Turns the end of a chain into the answer of an HTTP request, and counts it. */
import { WeftError } from '../model/errors.ts';
import type { Exchange } from '../model/exchange.ts';
import { MAX_RESPONSE_HEAD_BYTES } from '../model/limits.ts';
import type { Chain, Sink } from './chain.ts';
import { Failure, TOO_LARGE } from './contract.ts';

const encoder = new TextEncoder();
const JSON_HEAD = encoder.encode('Content-Type: application/json\r\n');

export class HttpSink implements Sink {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  ended(chain: Chain, result: number): void {
    const status = chain.streaming ? this.#endStream(chain, result) : this.#answer(chain, result);
    chain.fn.counters.finished(status, performance.now() - chain.startedAt);
  }

  failed(chain: Chain, error: WeftError): void {
    chain.fn.counters.finished(error.entry.status, performance.now() - chain.startedAt);
    if (chain.streaming) this.#exchange.abort();
    else respondError(this.#exchange, error);
  }

  #answer(chain: Chain, result: number): number {
    const { fn } = chain;
    const { name, limits } = fn.spec;
    const answer = fn.contract.answer(chain, result);
    if (answer instanceof Failure) {
      chain.version.log(fn, 'error', answer.reason);
      if (!answer.answer) return respondError(this.#exchange, new WeftError('WEFT_FUNCTION_FAILED', { name, reason: answer.reason }));
      this.#exchange.respond(answer.answer.status, answer.answer.head, answer.answer.body);
      return answer.answer.status;
    }
    if (answer === TOO_LARGE || answer.body.length > limits.responseBytes) {
      const error = new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes });
      chain.version.complain(fn, error);
      return respondError(this.#exchange, error);
    }
    const illegal = illegalHead(answer.status, answer.head);
    if (illegal !== undefined) {
      const error = new WeftError('WEFT_BAD_RESPONSE', { name, reason: illegal });
      chain.version.complain(fn, error);
      return respondError(this.#exchange, error);
    }
    this.#exchange.respond(answer.status, answer.head, answer.body);
    return answer.status;
  }

  #endStream(chain: Chain, result: number): number {
    if (result === 0) {
      this.#exchange.end();
      return 200;
    }
    chain.version.log(chain.fn, 'error', 'failed in the middle of a streamed answer');
    this.#exchange.abort();
    return 500;
  }
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
