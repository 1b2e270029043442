/** What a program writes to its standard error, on its way from a channel's frames into the function's log. */
import { type Emit, LogLines } from '../log-lines.ts';
import { type Flow, Pace } from '../pace.ts';

export class ErrorLog {
  /** Of the channel, for as long as this log is its reader. */
  readonly pace: Pace;
  readonly #lines: LogLines;

  constructor(log: Emit, channel: Flow) {
    this.#lines = new LogLines('warn', log);
    this.pace = new Pace(channel);
  }

  write(piece: Buffer): void {
    this.#lines.write(piece);
    this.pace.rest(this.#lines.pauseMs);
  }

  get lastLines(): readonly string[] {
    return this.#lines.tail;
  }

  /** Its program has ended: what it began is a line. */
  endLine(): void {
    this.#lines.end();
  }

  /** Nothing more is written here; the channel is somebody else's. */
  end(): void {
    this.endLine();
    this.pace.end();
  }
}
