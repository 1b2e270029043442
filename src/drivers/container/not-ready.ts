import type { Failure } from '../../engine/contract.ts';
import { WeftError } from '../../model/errors.ts';

/** A container did not get ready, and its contract has words of its own for that. */
export class NotReady extends WeftError {
  readonly failure: Failure;

  constructor(name: string, failure: Failure) {
    super('WEFT_START_FAILED', { name, reason: failure.reason });
    this.failure = failure;
  }
}
