/** A source that is not read for a while because it floods its log, or until a client has taken what it gave. */

export interface Flow {
  pause(): void;
  resume(): void;
}

/** The source is read when it waits for neither. */
export class Pace implements Flow {
  readonly #source: Flow;
  #held = false;
  #resting: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(source: Flow) {
    this.#source = source;
  }

  pause(): void {
    if (this.#ended) return;
    this.#held = true;
    this.#source.pause();
  }

  resume(): void {
    this.#held = false;
    this.#goOn();
  }

  /** From now on, as `LogLines` tells. */
  rest(ms: number): void {
    if (ms === 0 || this.#ended) return;
    clearTimeout(this.#resting);
    this.#source.pause();
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      this.#goOn();
    }, ms);
  }

  /** The source is somebody else's now, who does not wait for what it waited for here. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#resting);
    this.#source.resume();
  }

  #goOn(): void {
    if (!this.#ended && !this.#held && !this.#resting) this.#source.resume();
  }
}
