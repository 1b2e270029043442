/** Who waits for something, first come, first served. */
interface Waiter<T> {
  readonly take: (value: T) => void;
  readonly fail: (cause: unknown) => void;
}

export class Queue<T> {
  readonly #waiters = new Set<Waiter<T>>();

  get length(): number {
    return this.#waiters.size;
  }

  /** @throws the signal's reason; what `fail` is told */
  join(signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', aborted);
      };
      const aborted = (): void => {
        end();
        reject(signal.reason);
      };
      const waiter: Waiter<T> = {
        take: (value) => {
          end();
          resolve(value);
        },
        fail: (cause) => {
          end();
          reject(cause);
        },
      };
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      signal.addEventListener('abort', aborted);
      this.#waiters.add(waiter);
    });
  }

  /** To who waits longest. False: nobody does. */
  give(value: T): boolean {
    const [first] = this.#waiters;
    first?.take(value);
    return first !== undefined;
  }

  fail(cause: unknown): void {
    for (const waiter of this.#waiters) waiter.fail(cause);
  }
}
