/** What containers print: line by line into the function's log, and the last of it kept for messages. */
import { LineLog, LogBudget, type Emit } from '../../engine/host/wasi/output.ts';

/** A budget lasts so long; then there is a new one, for a container lives long. */
const BUDGET_MS = 10_000;
/** As much as a contract gets to see. */
const TAIL_BYTES = 64 * 1024;
const SHOWN_LINES = 5;
const SHOWN_BYTES = 1024;

export class OutputLog {
  readonly #emit: Emit;
  #budget: LogBudget;
  #since = performance.now();
  #out: LineLog;
  #err: LineLog;
  #tail = Buffer.alloc(0);

  constructor(emit: Emit) {
    this.#emit = emit;
    this.#budget = new LogBudget(emit);
    this.#out = new LineLog('info', this.#budget);
    this.#err = new LineLog('error', this.#budget);
  }

  stdout(piece: Buffer): void {
    this.#renew();
    this.#out.write(piece);
  }

  stderr(piece: Buffer): void {
    this.#renew();
    this.#err.write(piece);
    const kept = Buffer.concat([this.#tail, piece.subarray(-TAIL_BYTES)]);
    this.#tail = kept.length > TAIL_BYTES ? kept.subarray(-TAIL_BYTES) : kept;
  }

  /** The last line need not end in a line feed. */
  flush(): void {
    this.#out.flush();
    this.#err.flush();
  }

  get tail(): Uint8Array {
    return this.#tail;
  }

  /** The last lines of standard error, for a message; empty when there are none. */
  get lastWords(): string {
    const lines = this.#tail.subarray(-SHOWN_BYTES).toString('utf8').trimEnd().split('\n');
    return lines.slice(-SHOWN_LINES).join('\n');
  }

  /** Only one that is spent is replaced: lines that have not ended are in the streams' hands. */
  #renew(): void {
    if (!this.#budget.spent || performance.now() - this.#since < BUDGET_MS) return;
    this.#since = performance.now();
    this.#budget = new LogBudget(this.#emit);
    this.#out = new LineLog('info', this.#budget);
    this.#err = new LineLog('error', this.#budget);
  }
}
