/** A group's block of the ledger (ledger.ts), as JavaScript reads and writes it: what switches and entries leave there of the request that runs. */
import {
  activeOf,
  BUSY,
  CROSSINGS,
  depthOf,
  type Ledger,
  lastAt,
  NONE,
  openedAt,
  resultAt,
  RUNNING,
  runningAs,
  STILL_RUNNING,
  STOP_AT,
  TOUCHED,
} from './ledger.ts';

export class Books {
  /** Word index of the block. */
  readonly block: number;
  readonly #ledger: Ledger;
  readonly #members: number;

  constructor(ledger: Ledger, members: number) {
    this.#ledger = ledger;
    this.#members = members;
    this.block = ledger.allocate(members);
  }

  /** A request enters `root`, so many functions from the client. @param stopAt see Journal */
  open(root: number, depth: number, stopAt: number): void {
    const { block } = this;
    const { words } = this.#ledger;
    words[block + CROSSINGS] = 0;
    words[block + STOP_AT] = stopAt;
    words[block + RUNNING] = runningAs(root, depth);
    words[block + BUSY] = 1 << root;
    words[block + TOUCHED] = 1 << root;
    words[block + resultAt(root)] = STILL_RUNNING;
    words[block + lastAt(root)] = NONE;
  }

  /** @returns the members to erase, a bit for each: those that were entered and do not keep their state or, if `all`, did not return */
  takeTouched(keeping: number, all: boolean): number {
    const { block } = this;
    const { words } = this.#ledger;
    const busy = all ? this.#word(BUSY) : 0;
    const erased = this.#word(TOUCHED) & (~keeping | busy);
    words[block + TOUCHED] = 0;
    words[block + BUSY] = 0;
    return erased;
  }

  /** Members that were entered since their last rollback, a bit for each. */
  get touched(): number {
    return this.#word(TOUCHED);
  }

  /** Member that runs now, or is suspended innermost. */
  get active(): number {
    return this.#members === 1 ? 0 : activeOf(this.#word(RUNNING));
  }

  /** Functions on top of each other, counted from the client. */
  get depth(): number {
    return depthOf(this.#word(RUNNING));
  }

  /** So far. */
  get crossings(): number {
    return this.#word(CROSSINGS);
  }

  /** Crossing that entered the member. */
  opened(member: number): number {
    return this.#word(openedAt(member));
  }

  /** It has frames on the stack. */
  busy(member: number): boolean {
    return (this.#word(BUSY) & (1 << member)) !== 0;
  }

  /** What the member's entry returned. */
  result(member: number): number {
    return this.#word(resultAt(member));
  }

  setResult(member: number, result: number): void {
    this.#setWord(resultAt(member), result);
  }

  /** Where its entry puts that, in bytes. */
  resultAddress(member: number): number {
    return (this.block + resultAt(member)) * 4;
  }

  /** The member whose answer is this one's last result; or HOST, NONE. */
  last(member: number): number {
    return this.#word(lastAt(member));
  }

  setLast(member: number, source: number): void {
    this.#setWord(lastAt(member), source);
  }

  stopAt(crossing: number): void {
    this.#setWord(STOP_AT, crossing);
  }

  release(): void {
    this.#ledger.release(this.block, this.#members);
  }

  #word(at: number): number {
    return this.#ledger.words[this.block + at] as number; // within the block
  }

  #setWord(at: number, value: number): void {
    this.#ledger.words[this.block + at] = value;
  }
}
