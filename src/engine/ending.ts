/**
 * How a request that runs elsewhere is told to end before it has its answer: once, with the error to answer with. An AbortController
 * costs a short request more than all of its books; one is made only for those who need its signal.
 */
import type { WeftError } from '../model/errors.ts';

export class Ending {
  /** Since it was told. */
  reason: WeftError | undefined;
  /** Called when it is told; set by who works for the request now, and by one at a time. */
  onEnded: ((reason: WeftError) => void) | undefined;
  #controller: AbortController | undefined;

  end(reason: WeftError): void {
    if (this.reason) return;
    this.reason = reason;
    this.#controller?.abort(reason);
    this.onEnded?.(reason);
  }

  /** Aborted with that error as its reason. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.reason) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }
}
