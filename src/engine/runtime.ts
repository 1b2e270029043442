/**
 * What all chains of one engine thread share: the ledger, the way in, the interrupt word, who runs now and who waits.
 */
import { performance } from 'node:perf_hooks';
import { WeftError } from '../model/errors.ts';
import { CALL_ERROR } from './abi.ts';
import { AddressSpace } from './address-space.ts';
import type { Chain } from './chain.ts';
import { controlWords, ENTRIES, INTERRUPT, PREEMPTED, RUNNING_NOW, WATCHDOG_ASLEEP } from './control.ts';
import { createEntries, type DirectEntry } from './entries.ts';
import { DIRECT, Ledger, MAY_NOT_SUSPEND, RESERVING } from './ledger.ts';
import { Deadlines } from './deadlines.ts';
import { MemoryBudget } from './memory-budget.ts';

/** How often chains that wait are checked against their deadlines. */
const SWEEP_MS = 10;
/** Resumptions in one turn of the event loop, after which sockets and timers come first. */
const BURST = 256;
/** Processor time, behind its first slice, that a guest may look for room for its input: on a crowded machine time goes by without it. */
const RESERVE_MS = 100;

/**
 * What a suspended chain is resumed with. A function is called when it is resumed, and not at all if it was ended meanwhile: by then
 * its contexts may serve somebody else. What it throws ends up in the guest, like any host call's error.
 */
export type Value = number | (() => number);
/** Drops what would have resumed a chain, once something has. */
type Forget = () => void;
/** Arranges for the callback to be called. */
// biome-ignore lint/suspicious/noConfusingVoidType: most have nothing to forget
export type Suspension = (resume: (value: Value) => void) => Forget | void;

const endedAlready: Suspension = (resume) => void setImmediate(resume, CALL_ERROR.deadline);

export interface RuntimeOptions {
  readonly thread: number;
  /** Control pages of all threads; the first one carries the watchdog's bell. */
  readonly controls: readonly WebAssembly.Memory[];
  /** Contexts that all threads of the process may have together. */
  readonly maxContexts: number;
  /** Memory that all contexts of this thread may use. */
  readonly maxContextBytes: number;
}

export class Runtime {
  readonly ledger = new Ledger();
  readonly entries = createEntries(this.ledger);
  /**
   * The way into a callee on a stack of its own, for a switch to call. Bound, because an unbound wrapper would be linked
   * by the type of what it wraps; a bound function leaves no frame, so the caller can still suspend.
   */
  readonly enterOnOwnStack = this.entries.enter.bind(null);
  readonly thread: number;
  readonly control: WebAssembly.Memory;
  readonly addresses: AddressSpace;
  readonly memory: MemoryBudget;
  /** Of requests that drivers run. */
  readonly deadlines = new Deadlines();
  /** Calls that went through a switch. */
  switches = 0;
  /** Called when there is no longer plenty of memory: frees what idle functions could do without. */
  freeMemory: (() => void) | undefined;
  /** Called before a function goes on that is known to be busy for long. */
  beforeSlice: (() => void) | undefined;
  /** The chain whose functions run at this moment. Host functions find their caller here. */
  current: Chain | null = null;

  readonly #words: Int32Array;
  readonly #bell: Int32Array;
  readonly #waiting = new Set<Chain>();
  readonly #preempted: (() => void)[] = [];
  #sweep: NodeJS.Timeout | undefined;
  #burst = 0;
  /** Processor time of this thread, in ms, when the first slice of the guest that looks for room was over. */
  #reservedSince: number | undefined;

  constructor(options: RuntimeOptions) {
    const [control, first] = [options.controls[options.thread], options.controls[0]];
    if (!control || !first) throw new TypeError(`no control page for thread ${options.thread}`);
    this.thread = options.thread;
    this.control = control;
    this.addresses = new AddressSpace(options.maxContexts, options.controls, control);
    this.memory = new MemoryBudget(options.maxContextBytes);
    this.#words = controlWords(control);
    this.#bell = controlWords(first);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Goes into a function. Returns when it ended or suspended; the promise tells which, and the ledger tells faster. */
  run(chain: Chain, entry: () => Promise<number>): Promise<number> {
    const outer = this.current;
    this.current = chain;
    // A nested call stays within the slice of its caller: a loop of calls is one long run to everybody else.
    if (outer === null) this.#goIn(false);
    try {
      return entry();
    } finally {
      this.current = outer;
      if (outer === null) this.#comeOut();
    }
  }

  /** The same on the thread's own stack: when it returns, the function has ended. What cannot be done there throws. */
  runDirectly(chain: Chain, enter: DirectEntry, place: number, argument: number, resultAddress: number): void {
    const outer = this.current;
    const { words } = this.ledger;
    const outerMayNot = words[MAY_NOT_SUSPEND] as number;
    this.current = chain;
    if (outer === null) this.#goIn(false);
    words[MAY_NOT_SUSPEND] = DIRECT;
    try {
      enter(place, argument, resultAddress);
    } finally {
      this.ledger.words[MAY_NOT_SUSPEND] = outerMayNot;
      this.current = outer;
      if (outer === null) this.#comeOut();
    }
  }

  /**
   * Suspends the running chain until `start`'s callback gets a value; what a suspending import returns. The resumption of
   * WebAssembly is the promise reaction right behind ours in the microtask queue, so `current` is set just before it.
   */
  suspend(start: Suspension): Promise<number> {
    const chain = this.current;
    if (chain === null) throw new TypeError('only a running chain can be suspended');
    // A request that has ended already is only let go on until its next interrupt check.
    const begin = chain.mayWait() && !chain.waitsInVain ? start : endedAlready;
    return new Promise((resolve, reject) => {
      const suspension: { begun: boolean; forget?: Forget | undefined } = { begun: false };
      const resume = (value: Value): void => this.#resume(chain, resolve, value, reject);
      const wake = once((outcome: Value) => {
        suspension.forget?.();
        // The clock decides, not whether this came before the sweep.
        const late = performance.now() >= chain.deadlineAt;
        if (late) chain.overdue();
        const value = chain.waitEnded() ? CALL_ERROR.deadline : outcome;
        // What is at hand already must not resolve the promise before WebAssembly reacts to it, or `current` is set too early.
        if (suspension.begun) resume(value);
        else queueMicrotask(() => resume(value));
      });
      chain.wake = wake;
      suspension.forget = begin(wake) ?? undefined;
      suspension.begun = true;
    });
  }

  /** The same for a caller that waits for a callee on another stack of the same chain; the callee is the one to wake. */
  suspendOuter(chain: Chain, start: (resume: (value: number) => void) => void): Promise<number> {
    return new Promise((resolve) => start(once((value: number) => this.#resume(chain, resolve, value))));
  }

  #resume(chain: Chain, resolve: (value: number) => void, value: Value, reject?: (cause: unknown) => void): void {
    if (++this.#burst > BURST) {
      setImmediate(() => this.#resume(chain, resolve, value, reject));
      return;
    }
    if (this.#burst === 1) setImmediate(() => (this.#burst = 0));
    queueMicrotask(() => {
      this.current = chain;
      this.#goIn(chain.killed || chain.mustLook);
      chain.mustLook = false;
    });
    try {
      resolve(typeof value === 'function' ? value() : value);
    } catch (cause) {
      reject?.(cause);
    }
    queueMicrotask(() => {
      this.current = null;
      this.#comeOut();
    });
  }

  /**
   * The watchdog reads these words on a thread of its own. Whether its interrupt comes a little late or early only costs time, so they are
   * written as memory is; but that somebody runs must be there before it is seen whether it sleeps, which the two atomic accesses make sure.
   */
  #goIn(interrupted: boolean): void {
    const words = this.#words;
    words[INTERRUPT] = interrupted ? 1 : 0;
    words[RUNNING_NOW] = 1;
    Atomics.add(words, ENTRIES, 1);
    if (Atomics.load(this.#bell, WATCHDOG_ASLEEP) === 1) {
      Atomics.store(this.#bell, WATCHDOG_ASLEEP, 0);
      Atomics.notify(this.#bell, WATCHDOG_ASLEEP);
    }
  }

  #comeOut(): void {
    this.#words[RUNNING_NOW] = 0;
  }

  /** Suspends a preempted chain, and one that is about to be ended as well: it must be unwound with `current` set. */
  interrupted(chain: Chain, verdict: number): Promise<number> {
    return new Promise((resolve) => {
      const wake = once((value: number) => this.#resume(chain, resolve, value));
      // Killed while it waits for its turn: it is resumed with the interrupt word set, and comes back here to be ended.
      chain.wake = () => wake(0);
      if (verdict === 0) this.#preempt(() => wake(0));
      else wake(verdict);
    });
  }

  /**
   * Lets a guest find room for its input: the one time that JavaScript waits for it. It cannot be suspended, so it gets a few slices
   * and no more.
   */
  reserve(chain: Chain, length: number): number {
    const outer = this.current;
    const outerMayNot = this.ledger.words[MAY_NOT_SUSPEND] as number;
    const outerSince = this.#reservedSince;
    this.current = chain;
    if (outer === null) this.#goIn(false);
    this.#reservedSince = undefined;
    this.ledger.words[MAY_NOT_SUSPEND] = RESERVING;
    try {
      return chain.context.reserve(length);
    } finally {
      // One that calls a function meanwhile may have another look for room.
      this.ledger.words[MAY_NOT_SUSPEND] = outerMayNot;
      this.#reservedSince = outerSince;
      this.current = outer;
      if (outer === null) this.#comeOut();
    }
  }

  /** A guest that runs on the thread's own stack has to wait. */
  startOver(): never {
    if (this.current?.direct !== true) throw new Error('a guest that looks for room for its input cannot wait');
    return this.current.startOver();
  }

  /** The slice of a guest that cannot be suspended is over: whether that ends it. */
  endsHere(chain: Chain): boolean {
    if (this.ledger.words[MAY_NOT_SUSPEND] === DIRECT) return chain.mustStartOver();
    this.clearInterrupt();
    const now = process.threadCpuUsage();
    const spentMs = (now.user + now.system) / 1000;
    this.#reservedSince ??= spentMs;
    return spentMs - this.#reservedSince > RESERVE_MS;
  }

  clearInterrupt(): void {
    Atomics.store(this.#words, INTERRUPT, 0);
  }

  /** Lets others in, then goes on: one preempted chain a turn of the event loop, so that spinners share what is left over. */
  #preempt(resume: () => void): void {
    Atomics.store(this.#words, PREEMPTED, this.#preempted.push(resume));
    if (this.#preempted.length === 1) setImmediate(() => this.#nextPreempted());
  }

  #nextPreempted(): void {
    const resume = this.#preempted.shift();
    // The one that runs now still counts: it will most likely be back.
    Atomics.store(this.#words, PREEMPTED, this.#preempted.length + 1);
    if (this.#preempted.length > 0) setImmediate(() => this.#nextPreempted());
    else setImmediate(() => Atomics.store(this.#words, PREEMPTED, this.#preempted.length));
    if (resume) this.beforeSlice?.();
    resume?.();
  }

  /** The chain left the thread without having ended: watch its deadline. */
  wait(chain: Chain): void {
    this.#waiting.add(chain);
    this.#sweep ??= setInterval(() => this.#endOverdue(), SWEEP_MS);
  }

  stopWaiting(chain: Chain): void {
    if (!this.#waiting.delete(chain) || this.#waiting.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #endOverdue(): void {
    const now = performance.now();
    for (const chain of this.#waiting) chain.checkDeadlines(now);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    // Whoever spins is ended as well: soon nobody watches it any more.
    for (const chain of this.#waiting) chain.kill(new WeftError('WEFT_BUSY', { reason: 'the platform is shutting down' }));
  }
}

function once<T>(fn: (value: T) => void): (value: T) => void {
  let done = false;
  return (value) => {
    if (done) return;
    done = true;
    fn(value);
  };
}
