/**
 * How much of the C stack a function takes for its frame, read off the way in which LLVM writes it (WebAssemblyFrameLowering.cpp, LLVM 19 to 22):
 *
 *   global.get $sp, i32.const n, i32.sub, global.set $sp    the frame of n bytes, before the function's first loop
 *   global.get $sp, i32.const n, i32.sub                    the same of a function that calls nobody
 *   i32.const n, i32.add, global.set $sp                    its end
 *
 * with the new value perhaps put into a local variable on its way. Where the pointer is read or set otherwise, by a function with arrays of
 * variable length for example, no limit is known.
 */

/** What the last instructions were, as far as they belong together. */
type Seen = 'nothing' | 'pointer' | 'constant' | 'amount' | 'lowered' | 'raised' | 'lowered, put away' | 'raised, put away';

export class Frame {
  /** Absent: no limit is known. */
  bytes: number | undefined = 0;
  #seen: Seen = 'nothing';
  #amount = 0;
  #local = -1;
  #begun = false;
  #inLoop = false;

  loop(): void {
    this.#inLoop = true;
    this.other();
  }

  pointer(): void {
    this.other();
    this.#seen = 'pointer';
  }

  constant(value: number): void {
    const amount = this.#seen === 'pointer' && value >= 0;
    if (!amount) this.other();
    this.#amount = value;
    this.#seen = amount ? 'amount' : 'constant';
  }

  subtract(): void {
    if (this.#seen !== 'amount') return this.other();
    this.#add(this.#amount);
    this.#seen = 'lowered';
  }

  add(): void {
    const raised = this.#seen === 'constant' && this.#amount >= 0;
    this.other();
    if (raised) this.#seen = 'raised';
  }

  /** A local variable is set, and its value gone from the stack. */
  putAway(local: number): void {
    const seen = this.#seen;
    this.other();
    this.#local = local;
    if (seen === 'lowered' || seen === 'raised') this.#seen = `${seen}, put away`;
  }

  fetch(local: number): void {
    const seen = this.#seen;
    this.other();
    if (local !== this.#local) return;
    if (seen === 'lowered, put away') this.#seen = 'lowered';
    else if (seen === 'raised, put away') this.#seen = 'raised';
  }

  /** The stack pointer is set. */
  set(): void {
    const begins = this.#seen === 'lowered' && !this.#begun && !this.#inLoop;
    if (!begins && this.#seen !== 'raised') this.bytes = undefined;
    if (begins) this.#begun = true;
    this.other();
  }

  other(): void {
    if (this.#seen === 'pointer' || this.#seen === 'amount') this.bytes = undefined;
    this.#seen = 'nothing';
  }

  #add(bytes: number): void {
    if (this.bytes !== undefined) this.bytes += bytes;
  }
}
