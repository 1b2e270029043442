/** Deadlines of what runs in this thread: one timer for all of them, set to the earliest. What ends in time costs it nothing. */

/** The longest that a timer waits; for a later deadline it is set again. */
const MAX_WAIT_MS = 0x7fff_ffff;

export interface Dated {
  /** By performance.now(). */
  readonly deadlineAt: number;
  overdue(): void;
}

export class Deadlines {
  readonly #running = new Set<Dated>();
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set to. */
  #nextAt = Number.POSITIVE_INFINITY;

  add(dated: Dated): void {
    this.#running.add(dated);
    if (dated.deadlineAt < this.#nextAt) this.#setTo(dated.deadlineAt);
  }

  delete(dated: Dated): void {
    this.#running.delete(dated);
  }

  #setTo(at: number): void {
    clearTimeout(this.#timer);
    this.#nextAt = at;
    const wait = Math.ceil(at - performance.now());
    this.#timer = setTimeout(this.#look, Math.min(Math.max(0, wait), MAX_WAIT_MS)).unref();
  }

  readonly #look = (): void => {
    const now = performance.now();
    const late: Dated[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const dated of this.#running) {
      if (dated.deadlineAt <= now) late.push(dated);
      else next = Math.min(next, dated.deadlineAt);
    }
    this.#nextAt = Number.POSITIVE_INFINITY;
    if (next < this.#nextAt) this.#setTo(next);
    // A thread that was held up finds several.
    late.sort((one, other) => one.deadlineAt - other.deadlineAt);
    for (const dated of late) {
      this.#running.delete(dated);
      dated.overdue();
    }
  };
}
