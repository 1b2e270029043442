/**
 * The ledger: a memory of the engine thread that no function can reach, where switches and entries keep what they
 * must remember about a group while it runs. JavaScript reads the same words, so no call is needed to look.
 *
 * One block per group instance, 32-bit words:
 *
 *   crossings  calls that went through a switch in this request
 *   stopAt     the crossing from which on the host decides whether the callee is entered (replay, see journal.ts); -1 none
 *   active     member that runs now
 *   depth      functions on top of each other, counted from the client
 *   busy       bit per member: has frames on the stack
 *   touched    bit per member: entered since its last rollback
 *   result[n]  what the member's entry returned, RUNNING until it did
 *   open[n]    crossing that entered the member
 *   last[3n]   per member as a caller: member that gave the last result (HOST when it was not a switch, NONE: no result), pointer, length
 */
export const CROSSINGS = 0;
export const STOP_AT = 1;
export const ACTIVE = 2;
export const DEPTH = 3;
export const BUSY = 4;
export const TOUCHED = 5;
const RESULT = 6;

/** An entry that has not returned yet. */
export const RUNNING = 0x7fff_ffff;
/** `last` source of a result that the host keeps. */
export const HOST = -1;
/** `last` source of a function that has called nobody yet, or whose last call gave an error. */
export const NONE = -2;
/** Members of one merge group: they share two 32-bit masks. */
export const MAX_MEMBERS = 32;

const WORD = 4;
const PAGE_WORDS = 65_536 / WORD;

/** Word offsets within a block of n members. */
export const resultAt = (member: number): number => RESULT + member;
export const openAt = (members: number, member: number): number => RESULT + members + member;
export const lastAt = (members: number, member: number): number => RESULT + 2 * members + 3 * member;
const blockWords = (members: number): number => RESULT + 5 * members;

/** First word of the ledger, before all blocks: not 0 while JavaScript waits for a guest, which then cannot be suspended, and why. */
export const MAY_NOT_SUSPEND = 0;
/** It looks for room for its input. */
export const RESERVING = 1;
/** It runs on the thread's own stack, and may start over on another. */
export const DIRECT = 2;
const RESERVED_WORDS = 1;

export class Ledger {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  /** All words; replaced when the ledger grows, so never kept. */
  words = new Int32Array(this.memory.buffer);
  #used = RESERVED_WORDS;
  readonly #free = new Map<number, number[]>();

  /** Word index of a block for a group of n. */
  allocate(members: number): number {
    const reused = this.#free.get(members)?.pop();
    if (reused !== undefined) return reused;
    const base = this.#used;
    this.#used += blockWords(members);
    if (this.#used > this.words.length) {
      this.memory.grow(Math.ceil((this.#used - this.words.length) / PAGE_WORDS) + (this.words.length >> 14));
      this.words = new Int32Array(this.memory.buffer);
    }
    return base;
  }

  release(base: number, members: number): void {
    const list = this.#free.get(members);
    if (list) list.push(base);
    else this.#free.set(members, [base]);
  }
}
