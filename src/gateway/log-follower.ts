/** One who follows logs, at a pace of its own; what it does not take in time is dropped, and that is said. */
import type { LogRecord } from '../engine/protocol.ts';

const MAX_QUEUED = 10_000;

export class LogFollower implements AsyncIterableIterator<LogRecord> {
  readonly #queue: LogRecord[];
  readonly #matches: (record: LogRecord) => boolean;
  readonly #left: () => void;
  #waiting: ((result: IteratorResult<LogRecord>) => void)[] = [];
  #dropped: { count: number; last: LogRecord } | undefined;
  #ended = false;

  constructor(begin: LogRecord[], matches: (record: LogRecord) => boolean, left: () => void) {
    this.#queue = begin;
    this.#matches = matches;
    this.#left = left;
  }

  offer(records: readonly LogRecord[]): void {
    for (const record of records) if (this.#matches(record)) this.#take(record);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<LogRecord>> {
    const record = this.#queue.shift() ?? this.#noticeOfLoss();
    if (record) return { done: false, value: record };
    if (this.#ended) return { done: true, value: undefined };
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async return(): Promise<IteratorResult<LogRecord>> {
    this.#queue.length = 0;
    this.end();
    return { done: true, value: undefined };
  }

  end(): void {
    this.#ended = true;
    this.#left();
    for (const resolve of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
  }

  #take(record: LogRecord): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ done: false, value: record });
    else if (this.#queue.length < MAX_QUEUED && !this.#dropped) this.#queue.push(record);
    else this.#dropped = { count: (this.#dropped?.count ?? 0) + 1, last: record };
  }

  #noticeOfLoss(): LogRecord | undefined {
    const dropped = this.#dropped;
    this.#dropped = undefined;
    return dropped && { ...dropped.last, level: 'warn', text: `${dropped.count} log lines were dropped: they were read too slowly` };
  }
}
