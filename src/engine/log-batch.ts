/** Collects log records of a thread and hands them on in batches; a flood costs bounded memory and says how much it lost. */
import type { LogRecord } from './protocol.ts';

const FLUSH_MS = 20;
const MAX_RECORDS = 1000;
const MAX_BYTES = 1024 * 1024;

export class LogBatch {
  readonly #send: (records: readonly LogRecord[]) => void;
  #records: LogRecord[] = [];
  #bytes = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (records: readonly LogRecord[]) => void) {
    this.#send = send;
  }

  add(record: LogRecord): void {
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
    if (this.#records.length >= MAX_RECORDS || this.#bytes + record.text.length > MAX_BYTES) {
      if (this.#dropped++ === 0) this.#records.push({ ...record, level: 'warn', text: 'log lines were dropped: too many at once' });
      return;
    }
    this.#bytes += record.text.length;
    this.#records.push(record);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    this.#dropped = 0;
    if (records.length > 0) this.#send(records);
  }
}
