/** Between tries of what failed for a moment only: growing as long as it fails, and few enough that they cost a busy server nothing. */
const FIRST_MS = 1;
const LONGEST_MS = 32;

export class Pause {
  readonly #over: () => void;
  #nextMs = FIRST_MS;
  #timer: NodeJS.Timeout | undefined;

  /** `over` is called at the end of each. */
  constructor(over: () => void) {
    this.#over = over;
  }

  get running(): boolean {
    return this.#timer !== undefined;
  }

  /** All that fails during one is the same failure. */
  begin(): void {
    if (this.running) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#over();
    }, this.#nextMs);
    this.#nextMs = Math.min(2 * this.#nextMs, LONGEST_MS);
  }

  /** It went well: the next is short again. */
  forget(): void {
    this.#nextMs = FIRST_MS;
  }

  /** Without a call of `over`. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
