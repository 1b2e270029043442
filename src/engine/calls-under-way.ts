/**
 * Calls that one function of a chain has begun through the host. Each activation has its own: neither the function that called it,
 * nor its own next activation in the same request, can take results that are not its.
 */
import type { PendingCall } from './call.ts';

/** Calls that one activation may have begun and not yet waited for. */
const MAX_STARTED = 1024;

export class CallsUnderWay {
  /** The crossing that entered the activation. */
  readonly activation: number;
  #pending: PendingCall | undefined;
  readonly #started: (PendingCall | undefined)[] = [];

  constructor(activation: number) {
    this.activation = activation;
  }

  /** The call that `await_call` is to wait for. */
  expect(call: PendingCall): void {
    this.#pending = call;
  }

  takeExpected(): PendingCall | undefined {
    const call = this.#pending;
    this.#pending = undefined;
    return call;
  }

  get full(): boolean {
    return this.#started.length >= MAX_STARTED;
  }

  /** Gives a handle. */
  add(call: PendingCall): number {
    return this.#started.push(call) - 1;
  }

  /** The guest chose the handle. */
  take(handle: number): PendingCall | undefined {
    const started = this.#started;
    if (handle < 0 || handle >= started.length) return undefined;
    const call = started[handle];
    started[handle] = undefined;
    while (started.length > 0 && started.at(-1) === undefined) started.pop();
    return call;
  }
}
