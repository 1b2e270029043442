/** Log records of one function, the oldest forgotten first. */
import type { LogRecord } from '../engine/protocol.ts';

const MAX_RECORDS = 2000;
const MAX_BYTES = 1024 * 1024;
/** A record costs this beside its text. */
const RECORD_BYTES = 200;

export class LogRing {
  bytes = 0;
  #records: LogRecord[] = [];
  #first = 0;

  get records(): readonly LogRecord[] {
    return this.#first === 0 ? this.#records : this.#records.slice(this.#first);
  }

  /** By how much the ring grew. */
  add(record: LogRecord): number {
    const before = this.bytes;
    this.#records.push(record);
    this.bytes += sizeOf(record);
    while (this.#records.length - this.#first > 1 && (this.#records.length - this.#first > MAX_RECORDS || this.bytes > MAX_BYTES))
      this.#drop();
    // Forgotten records are let go in bulk, so that adding one costs the same however many there are.
    if (this.#first > MAX_RECORDS) {
      this.#records = this.#records.slice(this.#first);
      this.#first = 0;
    }
    return this.bytes - before;
  }

  #drop(): void {
    const oldest = this.#records[this.#first];
    if (oldest) this.bytes -= sizeOf(oldest);
    this.#first += 1;
  }
}

function sizeOf(record: LogRecord): number {
  return RECORD_BYTES + 2 * record.text.length;
}
