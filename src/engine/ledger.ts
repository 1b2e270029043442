/**
 * The ledger: a memory of the engine thread that no function can reach, where switches and entries keep what they
 * must remember about a group while it runs. JavaScript reads the same words, so no call is needed to look.
 *
 * One block per group instance, 32-bit words. A switch reads and writes those that stand together as pairs, in one go:
 *
 *   touched    bit per member: entered since its last rollback
 *   crossings  calls that went through a switch in this request
 *
 *   busy       bit per member: has frames on the stack
 *   running    member that runs now, and how many functions are on top of each other, counted from the client
 *
 *   stopAt     the crossing from which on the host decides whether the callee is entered (replay, see journal.ts); -1 none
 *
 * and per member
 *
 *   opened     crossing that entered it
 *   last       as a caller: member whose answer is its last result, and still in that member's mailbox; HOST when it came by
 *              way of the host, NONE when there is none
 *
 *   result     what its entry returned, STILL_RUNNING until it did
 */
export const TOUCHED = 0;
export const CROSSINGS = 1;
export const BUSY = 2;
export const RUNNING = 3;
export const STOP_AT = 4;
/** Begins with an even word, as pairs do. */
const MEMBERS = 6;
const MEMBER_WORDS = 4;

/** Value of `running`. Both are small: MAX_MEMBERS, and what the manifest allows as a depth. */
export const runningAs = (active: number, depth: number): number => (active << 16) | depth;
export const activeOf = (running: number): number => running >>> 16;
export const depthOf = (running: number): number => running & 0xffff;

/** An entry that has not returned yet. */
export const STILL_RUNNING = 0x7fff_ffff;
/** `last` source of a result that the host keeps. */
export const HOST = -1;
/** `last` source of a function that has called nobody yet, or whose last call gave an error. */
export const NONE = -2;
/** Members of one merge group: they share two 32-bit masks. */
export const MAX_MEMBERS = 32;

const WORD = 4;
const PAGE_WORDS = 65_536 / WORD;

/** Blocks share no line of the processor's cache. */
const LINE_WORDS = 16;

/** Word offsets within a block of n members. */
export const openedAt = (member: number): number => MEMBERS + MEMBER_WORDS * member;
export const lastAt = (member: number): number => openedAt(member) + 1;
export const resultAt = (member: number): number => openedAt(member) + 2;
const blockWords = (members: number): number => Math.ceil(openedAt(members) / LINE_WORDS) * LINE_WORDS;

/** First word of the ledger, before all blocks: not 0 while JavaScript waits for a guest, which then cannot be suspended, and why. */
export const MAY_NOT_SUSPEND = 0;
/** It looks for room for its input. */
export const RESERVING = 1;
/** It runs on the thread's own stack, and may start over on another. */
export const DIRECT = 2;
const RESERVED_WORDS = LINE_WORDS;

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
