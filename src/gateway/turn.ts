/** One after the other: what changes the same things must not interleave. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {}); // its caller hears of it
    return result;
  }
}
