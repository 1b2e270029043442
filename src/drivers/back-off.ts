import type { WeftError } from '../model/errors.ts';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/** Pauses between starts that fail in a row, each twice as long as the one before. */
export class BackOff {
  /** Why the last one failed. */
  failure: WeftError | undefined;
  #inARow = 0;
  /** By performance.now(). */
  #until = 0;

  get leftMs(): number {
    return Math.max(0, this.#until - performance.now());
  }

  failed(failure: WeftError): void {
    this.failure = failure;
    this.#until = performance.now() + Math.min(FIRST_PAUSE_MS * 2 ** this.#inARow, MAX_PAUSE_MS);
    this.#inARow += 1;
  }

  succeeded(): void {
    this.#inARow = 0;
  }
}
