/**
 * Whether a function's next request is tried on the thread's own stack. A stack that can be suspended costs a promise and work for the
 * collector, 0.6 µs and a quarter of the longest pauses; most requests never wait. One that must wait, or act on the world, starts over
 * on a stack of its own, and those that follow begin there: twice as many as after the last time.
 */
const MAX_SKIPPED = 1023;
/** So many without one that had to start over, and the past is forgotten: a slice that was used up may have been the machine's fault. */
const FORGIVEN_AFTER = 1024;

export class DirectRuns {
  #toSkip = 0;
  #skipped = 0;
  #ended = 0;

  /** Whether the next request is tried. */
  get tried(): boolean {
    return this.#toSkip === 0;
  }

  /** Asked once a request. */
  next(): boolean {
    if (this.#toSkip === 0) return true;
    this.#toSkip--;
    return false;
  }

  /** It came to its end there. */
  ended(): void {
    if (this.#skipped === 0 || ++this.#ended < FORGIVEN_AFTER) return;
    this.#skipped = 0;
  }

  /** It had to start over. */
  left(): void {
    this.#ended = 0;
    this.#skipped = Math.min(2 * this.#skipped + 1, MAX_SKIPPED);
    this.#toSkip = this.#skipped;
  }
}
