/** The beginning of each answer, kept ready as bytes: it changes once a second. */

/** An import would read all that node:http exports, its clients for WebSockets and what they need among it: 50 ms for each thread. */
const { STATUS_CODES } = process.getBuiltinModule('node:http');

export const LOWEST_STATUS = 200;
export const HIGHEST_STATUS = 599;

/** What stands behind the status line; the numbers are bits. */
export const DATED = 1;
/** Ends with "Content-Length: ", for the number to follow. */
export const SIZED = 2;

interface Line {
  bytes: Buffer;
  date: string;
}

export class StatusLines {
  readonly #variants: (Line | undefined)[][] = [[], [], [], []];
  readonly #clock: () => number;
  #second = 0;
  #date = '';

  /** `clock` gives Unix time in milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.tick();
  }

  /** To be called a few times a second. */
  tick(): void {
    const second = Math.floor(this.#clock() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#date = new Date(second * 1000).toUTCString();
  }

  get(status: number, variant: number): Buffer {
    const line = this.#variants[variant]?.[status];
    return line !== undefined && line.date === this.#date ? line.bytes : this.#make(status, variant);
  }

  #make(status: number, variant: number): Buffer {
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
    if ((variant & DATED) !== 0) text += `Date: ${this.#date}\r\n`;
    if ((variant & SIZED) !== 0) text += 'Content-Length: ';
    const bytes = Buffer.from(text, 'latin1');
    const lines = this.#variants[variant];
    if (lines) lines[status] = { bytes, date: this.#date };
    return bytes;
  }
}
