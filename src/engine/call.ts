/** A call from one function to another that goes through the host: started, perhaps waited for, its result kept for the caller. */
import { copyOf } from '../model/bytes.ts';
import { WeftError } from '../model/errors.ts';
import { CALL_ERROR } from './abi.ts';
import type { Chain, Sink } from './chain.ts';
import { Failure, type Outcome, TOO_LARGE } from './contract.ts';
import type { HostedFunction, Version } from './version.ts';

const NOTHING = new Uint8Array(0);

/** Who has room for the result of a call. */
export interface Holder {
  hold(bytes: number): boolean;
}

export class PendingCall implements Sink {
  settled = false;
  /** 0, or the error the caller gets. */
  error = 0;
  status = 0;
  body: Uint8Array = NOTHING;
  readonly #holder: Holder | undefined;
  #waiter: (() => void) | undefined;

  constructor(holder?: Holder) {
    this.#holder = holder;
  }

  ended(chain: Chain, result: number): void {
    this.take(chain.version, chain.fn, chain.fn.contract.answer(chain, result));
  }

  take(version: Version, fn: HostedFunction, answer: Outcome): void {
    if (answer instanceof Failure) {
      version.log(fn, 'error', answer.reason);
      this.settle(CALL_ERROR.failed, answer.answer?.status ?? 500, NOTHING);
    } else if (answer === TOO_LARGE || answer.body.length > fn.spec.limits.responseBytes) {
      const { name, limits } = fn.spec;
      version.complain(fn, new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes }));
      this.settle(CALL_ERROR.tooLarge, 500, NOTHING);
    } else {
      this.settle(0, answer.status, copyOf(answer.body));
    }
  }

  failed(chain: Chain, error: WeftError): void {
    this.settle(chain.roomless ? CALL_ERROR.noMemory : callError(error), error.entry.status, NOTHING);
  }

  settle(error: number, status: number, body: Uint8Array): void {
    const held = this.#holder?.hold(body.length) ?? true;
    this.error = held ? error : CALL_ERROR.busy;
    this.status = held ? status : 503;
    this.body = held ? body : NOTHING;
    this.settled = true;
    this.#waiter?.();
    this.#waiter = undefined;
  }

  onSettled(waiter: () => void): void {
    if (this.settled) waiter();
    else this.#waiter = waiter;
  }
}

export function callError(error: WeftError): number {
  switch (error.code) {
    case 'WEFT_FUNCTION_NOT_FOUND':
      return CALL_ERROR.notFound;
    case 'WEFT_DEADLINE':
      return CALL_ERROR.deadline;
    case 'WEFT_CALL_DEPTH':
      return CALL_ERROR.depth;
    case 'WEFT_CONCURRENCY':
    case 'WEFT_EXHAUSTED':
      return CALL_ERROR.busy;
    case 'WEFT_REQUEST_TOO_LARGE':
    case 'WEFT_RESPONSE_TOO_LARGE':
      return CALL_ERROR.tooLarge;
    case 'WEFT_MEMORY':
    case 'WEFT_FUNCTION_TRAPPED':
    case 'WEFT_FUNCTION_CRASHED':
      return CALL_ERROR.trapped;
    default:
      return CALL_ERROR.failed;
  }
}
