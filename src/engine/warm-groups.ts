/**
 * Groups that wait for a request. Memory grows and never shrinks, and whatever a context can reach is wiped behind each request: what one
 * large request added, all small ones behind it would pay for. So groups that have grown are kept apart, for requests that are likely to
 * need that. The latest is taken first: it is still in the core's cache.
 */
export class WarmGroups<G> {
  readonly #small: G[] = [];
  readonly #grown: G[] = [];
  /** Grown for a spare stack. */
  readonly #roomy: G[] = [];
  /** An input of so many bytes or more is taken to need a group that has grown. */
  #needing = Number.POSITIVE_INFINITY;

  get length(): number {
    return this.#small.length + this.#grown.length + this.#roomy.length;
  }

  /** @param roomy for a request that needs a spare stack */
  take(inputBytes: number, roomy = false): G | undefined {
    if (roomy) return this.#roomy.pop() ?? this.#small.pop() ?? this.#grown.pop();
    const likely = inputBytes < this.#needing ? (this.#small.pop() ?? this.#grown.pop()) : (this.#grown.pop() ?? this.#small.pop());
    return likely ?? this.#roomy.pop();
  }

  put(group: G): void {
    this.#small.push(group);
  }

  putGrown(group: G): void {
    this.#grown.push(group);
  }

  putRoomy(group: G): void {
    this.#roomy.push(group);
  }

  /** In a group that has grown, a request with so much input used memory that it did not have at first; or it did not. */
  learn(inputBytes: number, used: boolean): void {
    if (used) this.#needing = Math.min(this.#needing, inputBytes);
    else if (inputBytes >= this.#needing) this.#needing = inputBytes + 1;
  }

  /** Those that have grown, which are no longer here. */
  takeGrown(): G[] {
    return [...this.#grown.splice(0), ...this.#roomy.splice(0)];
  }

  /** The same with all of them. */
  takeAll(): G[] {
    return [...this.#small.splice(0), ...this.takeGrown()];
  }
}
