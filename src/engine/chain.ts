/**
 * A chain: one request or call on its way through a group, from the root function's entry to its answer. Functions it
 * reaches by a switch belong to it; a call that goes through the host starts a chain of its own.
 *
 *   start → running ⇄ suspended → ended (answer) | trapped (replay, or error) | overdue (error at once, the rest is unwound)
 */
import { copyOf } from '../model/bytes.ts';
import { WeftError } from '../model/errors.ts';
import { keepShape } from '../model/lasting-shape.ts';
import { CALL_ERROR, KIND_CALL, KIND_HTTP } from './abi.ts';
import { callError } from './call.ts';
import { CallsUnderWay } from './calls-under-way.ts';
import { CalleeDeadlines } from './callee-deadlines.ts';
import type { Context } from './context.ts';
import type { Input, Program } from './contract.ts';
import { ENTER, START } from './entries.ts';
import type { Group } from './group.ts';
import type { GuestFunction } from './guest-function.ts';
import { HeldResults } from './held-results.ts';
import { Diverged, type Effect, Journal } from './journal.ts';
import { HOST, STILL_RUNNING } from './ledger.ts';
import type { Runtime } from './runtime.ts';
import type { Stream } from './stream.ts';
import { BY_HOST } from './switch-code.ts';
import { OUT_OF_STACK, trapReason, UNCAUGHT } from './trap-reason.ts';
import type { Version } from './version.ts';

/** Who waits for a chain. Exactly one of the two is called, once. */
export interface Sink {
  /** The root function's entry returned; the context still holds the answer, until this returns. */
  ended(chain: Chain, result: number): void;
  failed(chain: Chain, error: WeftError): void;
}

export interface ChainStart {
  readonly runtime: Runtime;
  readonly version: Version;
  readonly fn: GuestFunction;
  readonly group: Group;
  readonly sink: Sink;
  readonly depth: number;
  /** Now, when absent. */
  readonly startedAt?: number;
  readonly deadlineAt: number;
  /** Where a streamed answer goes; absent for calls. */
  readonly stream?: Stream | undefined;
  /** Export to run in place of the contract's entry: an initialiser, once, before the snapshot. */
  readonly initializer?: '_initialize' | 'weft_init';
}

/** Most requests call nobody through the host and are over before anybody looks: they share this one, which stays empty. */
const NO_CALLS: CallsUnderWay[] = [];

export class Chain {
  readonly runtime: Runtime;
  readonly version: Version;
  readonly fn: GuestFunction;
  readonly group: Group;
  readonly depth: number;
  readonly deadlineAt: number;
  readonly stream: Stream | undefined;
  readonly startedAt: number;
  /** Of a request that may be replayed: in a group, on a stack of its own. */
  journal: Journal | undefined;
  /** It runs on the thread's own stack, where it can neither wait nor act on the world: then it starts over on one of its own. */
  direct = false;
  #startsOver = false;
  /** A trap ended it there. */
  #tripped = false;
  /** Its functions' frames are gone: what is said from here on belongs to no point of a run, and no replay says it again. */
  #unwound = false;
  /** What is said now belongs to this crossing, not to the latest. */
  #crossing: number | undefined;

  /** What came in. Borrowed until the first entry returned; a chain that goes on keeps copies. */
  input: Input;
  /** Resumes the innermost suspension. */
  wake: ((value: number) => void) | undefined;
  /** The client has its answer (an error); what is left of the chain is only unwound. */
  killed = false;
  /** Its function has no room for what came in, and was not entered. */
  roomless = false;
  /** Woken for a callee's deadline: its next interrupt check ends it. */
  mustLook = false;
  /** By member: what its latest activation has under way. */
  #calls: CallsUnderWay[] = NO_CALLS;
  #results: HeldResults | undefined;
  /** Standard input and environment of a program with `main`. */
  program: Program | undefined;
  /** By which its platform knows this request, where it has such names; the same in a replay. */
  callId: string | undefined;
  /** The head of a streamed answer is out: it can no longer be answered otherwise. */
  streaming = false;
  sentBytes = 0;

  readonly #sink: Sink;
  readonly #initializer: ChainStart['initializer'];
  #over = false;
  /** The callee that the interrupt's slow path ended for its own deadline, for the trap handler. */
  #overdue: number | undefined;
  #deadlines: CalleeDeadlines | undefined;

  constructor(start: ChainStart, input: Input) {
    this.runtime = start.runtime;
    this.version = start.version;
    this.fn = start.fn;
    this.group = start.group;
    this.#sink = start.sink;
    this.#initializer = start.initializer;
    this.depth = start.depth;
    this.startedAt = start.startedAt ?? performance.now();
    this.deadlineAt = start.deadlineAt;
    this.stream = start.stream;
    this.input = input;
  }

  /** Member that runs now (or is suspended innermost). */
  get active(): number {
    return this.group.books.active;
  }

  /** Most requests call nobody through the host, and have none. */
  get results(): HeldResults {
    this.#results ??= new HeldResults(this.runtime.memory, this.journal !== undefined);
    return this.#results;
  }

  /** Which activation of the active function runs: the crossing that entered it, 0 for what the client called. */
  get activation(): number {
    return this.#opened(this.active);
  }

  #opened(member: number): number {
    return member === this.fn.member ? 0 : this.group.books.opened(member);
  }

  /** Calls of the active function. */
  get calls(): CallsUnderWay {
    const { active, activation } = this;
    const known = this.#calls[active];
    if (known?.activation === activation) return known;
    const calls = new CallsUnderWay(activation);
    if (this.#calls === NO_CALLS) this.#calls = [];
    this.#calls[active] = calls;
    return calls;
  }

  /** What `result` reads from now on, for the active function. */
  takeFromHost(result: Uint8Array | undefined): void {
    this.group.books.setLast(this.active, HOST);
    this.results.take(result);
  }

  /** A member has no answer for its caller; this is for its log. */
  calleeFailed(member: number, error: number): void {
    const fn = this.group.shape.functions[member] as GuestFunction;
    const { name, limits } = fn.spec;
    this.effect('log', () => {
      if (error === CALL_ERROR.trapped) {
        fn.counters.traps++;
        this.version.complain(fn, new WeftError('WEFT_FUNCTION_TRAPPED', { name, reason: UNCAUGHT }));
      } else if (error === CALL_ERROR.tooLarge)
        this.version.complain(fn, new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes }));
      else this.version.log(fn, 'error', 'it returned something else than 0, or its answer lies outside its memory');
    });
  }

  /** Erases what a member did. What it printed behind its last line feed is logged first. */
  resetMember(member: number): void {
    this.group.contexts[member]?.wasi?.flush();
    this.group.reset(member);
  }

  /**
   * An earlier activation of this member ended, or was to end, before the given crossing: what it printed behind its last line feed is
   * logged as from before it, so that a replay in which that crossing fails finds it logged.
   */
  endLines(member: number, crossing: number): void {
    this.#crossing = crossing - 1;
    try {
      this.group.contexts[member]?.wasi?.flush();
    } finally {
      this.#crossing = undefined;
    }
  }

  get lastFromHost(): Uint8Array | undefined {
    return this.group.books.last(this.active) === HOST ? this.#results?.last : undefined;
  }

  get context(): Context {
    return this.group.contexts[this.active] as Context;
  }

  get activeFunction(): GuestFunction {
    return this.group.shape.functions[this.active] as GuestFunction;
  }

  /** Functions on top of each other, this chain's active one included. */
  get currentDepth(): number {
    return this.group.books.depth;
  }

  /** Does something outside the contexts, or takes over what a replayed run did already. */
  effect<T>(effect: Effect, produce: () => T): T {
    const { journal } = this;
    if (this.direct && effect !== 'clock' && effect !== 'random') this.startOver();
    if (!journal || this.#unwound) return produce();
    try {
      const value = journal.value(effect, this.#crossing ?? this.group.books.crossings, produce);
      if (journal.stopAt === 0) this.group.books.stopAt(0);
      return value;
    } catch (cause) {
      if (cause instanceof Diverged) this.kill(this.#trap('when it ran again after a trap, it did not do the same'));
      throw cause;
    }
  }

  /** The wait that comes now was in vain in the run that is being replayed, whatever is at hand by now. */
  get waitsInVain(): boolean {
    return this.journal?.waitsInVain === true;
  }

  /** What it would have waited for is at hand: a replay may find it so where the first run had to wait. */
  waitSpared(): void {
    this.journal?.takeWait();
  }

  /** A wait is over. @returns whether for a deadline, in this run or in the one that is being replayed */
  waitEnded(): boolean {
    const { waitsInVain } = this;
    const wait = this.journal?.takeWait();
    if (this.killed) return true;
    if (!this.mustLook && !waitsInVain) return false;
    try {
      return this.effect('wait', () => wait) === wait;
    } catch {
      return true; // it was killed for not doing the same
    }
  }

  start(): void {
    const { fn } = this;
    fn.running++;
    fn.lastUsed = this.startedAt;
    this.version.chains++;
    if (this.#runDirectly()) return;
    const { functions, stacks } = this.group.shape;
    if (functions.length > 1 && stacks === 'shared') {
      this.journal = new Journal();
      this.input = keep(this.input);
    }
    this.#begin();
  }

  /** False: it is to run on a stack of its own, and nothing is left of what it did here. */
  #runDirectly(): boolean {
    const { fn, group } = this;
    // Without a snapshot that it can go back to, nothing can start over.
    if (this.#initializer !== undefined || group.shape.stacks === 'own' || !fn.directRuns.next()) return false;
    this.#openBooks();
    this.direct = true;
    try {
      if (!fn.contract.accept(this, this.input)) return this.#roomless();
      this.#enterDirectly();
    } catch (cause) {
      // Whatever it was, a stack overflow or a trap: it shows again, where it can be dealt with; but for a program's end.
      if (!this.#startsOver && this.#exited) {
        this.direct = false;
        this.#trapped(cause);
        return true;
      }
      if (!this.#startsOver) this.#tripped = true;
      this.#startsOver = true;
    }
    this.direct = false;
    if (this.#startsOver) {
      group.rollBack(true);
      return false;
    }
    fn.directRuns.ended();
    this.#ended();
    return true;
  }

  #enterDirectly(): void {
    const { runtime } = this;
    const { direct } = runtime.entries;
    const { member, guest } = this.fn;
    const { place } = this.group.contexts[member] as Context;
    const resultAddress = this.group.books.resultAddress(member);
    if (guest.entry === 'command') runtime.runDirectly(this, direct.start, place + START, 0, resultAddress);
    else runtime.runDirectly(this, direct.enter, place + ENTER, this.#kind, resultAddress);
  }

  get #kind(): number {
    return this.input.head.length === 0 ? KIND_CALL : KIND_HTTP;
  }

  #roomless(): true {
    const { fn } = this;
    this.direct = false;
    this.roomless = true;
    this.#fail(new WeftError('WEFT_MEMORY', { name: fn.name, bytes: fn.spec.limits.memoryBytes }));
    return true;
  }

  /** Called from within the function: ends this run of it. */
  startOver(): never {
    this.mustStartOver();
    throw new Error('the request starts over on a stack of its own');
  }

  /** The same for what ends the function by itself. */
  mustStartOver(): true {
    if (!this.#startsOver) this.fn.directRuns.left();
    this.#startsOver = true;
    return true;
  }

  #begin(): void {
    const { runtime, group, fn } = this;
    this.#unwound = false;
    this.#openBooks();
    let promise: Promise<number>;
    try {
      if (!group.useSpareStacks() || !(this.#initializer !== undefined || fn.contract.accept(this, this.input))) {
        this.#roomless();
        return;
      }
      promise = runtime.run(this, () => this.#enter());
    } catch (cause) {
      // The guest's own allocator trapped, or its stack could not be made.
      this.#trapped(cause);
      return;
    }
    if (group.books.result(fn.member) !== STILL_RUNNING) this.#ended();
    else this.#goOn(promise);
  }

  #enter(): Promise<number> {
    const { entries } = this.runtime;
    const { member, guest } = this.fn;
    const context = this.group.contexts[member] as Context;
    const { place } = context;
    const resultAddress = this.group.books.resultAddress(member);
    if (this.#initializer === '_initialize') return entries.start(context.stage(this.#initializer), 0, resultAddress);
    if (this.#initializer === 'weft_init') return entries.init(context.stage(this.#initializer), 0, resultAddress);
    if (guest.entry === 'command') return entries.start(place + START, 0, resultAddress);
    return entries.enter(place + ENTER, this.#kind, resultAddress);
  }

  #openBooks(): void {
    this.group.books.open(this.fn.member, this.depth, this.journal?.stopAt ?? -1);
  }

  /** The entry suspended, or trapped: its promise tells. */
  #goOn(promise: Promise<number>): void {
    if (!this.journal) this.input = keep(this.input);
    this.runtime.wait(this);
    this.fn.counters.waiting++;
    promise.then(
      () => {
        this.#stopWaiting();
        this.#ended();
      },
      (cause: unknown) => {
        this.#stopWaiting();
        this.#trapped(cause);
      },
    );
  }

  #stopWaiting(): void {
    this.runtime.stopWaiting(this);
    this.fn.counters.waiting--;
  }

  #ended(): void {
    // What trapped there came to its end here: it was the stack.
    if (this.#tripped) this.fn.directRuns.left();
    const result = this.group.books.result(this.fn.member);
    if (!this.#over) {
      this.#over = true;
      this.#sink.ended(this, result);
    }
    this.#release(false);
  }

  #trapped(cause: unknown): void {
    const { active } = this;
    this.#unwound = true;
    const exit = this.context.wasi?.exitCode;
    if (this.#exited && !this.#over) {
      if (this.#tripped) this.fn.directRuns.left();
      // proc_exit leaves through a trap; for a program with main that is an ordinary end.
      this.group.books.setResult(active, exit === 0 ? 0 : 1);
      this.#over = true;
      this.#sink.ended(this, exit === 0 ? 0 : 1);
      this.#release(true);
      return;
    }
    const failing = this.#overdue ?? active;
    this.#flushFrom(this.#opened(failing));
    const error = this.#explain(failing, cause);
    if (this.#over || failing === this.fn.member || this.#pastDeadline) {
      this.#fail(error);
      return;
    }
    this.version.complain(this.group.shape.functions[failing] as GuestFunction, error);
    if (!this.#replay(failing, callError(error))) this.#fail(error, true);
  }

  /** What this crossing and those behind it entered is over, and no replay comes to it again: logs what was printed, innermost first. */
  #flushFrom(crossing: number): void {
    const { books, contexts } = this.group;
    const ended = [...contexts.keys()].filter((member) => books.busy(member) && this.#opened(member) >= crossing);
    for (const member of ended.toSorted((a, b) => this.#opened(b) - this.#opened(a))) contexts[member]?.wasi?.flush();
  }

  /** A callee on a stack of its own trapped: the error that its caller gets. For `trapped`, its switch resets it. */
  calleeTrapped(member: number, cause: unknown): number {
    this.group.contexts[member]?.wasi?.flush();
    const error = this.#explain(this.#overdue ?? member, cause, member);
    this.version.complain(this.group.shape.functions[member] as GuestFunction, error);
    const code = callError(error);
    if (code !== CALL_ERROR.trapped) this.group.reset(member);
    return code;
  }

  /** What ended a member's function; counts it if that was its own doing. */
  #explain(failing: number, cause: unknown, trapped = this.active): WeftError {
    const { functions } = this.group.shape;
    const late = this.#pastDeadline ? this.fn : this.#overdue === undefined ? undefined : (functions[failing] as GuestFunction);
    this.#overdue = undefined;
    if (late) return new WeftError('WEFT_DEADLINE', { name: late.name, ms: late.spec.limits.deadlineMs });
    const fn = functions[trapped] as GuestFunction;
    const context = this.group.contexts[trapped] as Context;
    if (!this.#over) fn.counters.traps++;
    const { memoryBytes } = fn.spec.limits;
    const outOfStack = context.spareStack?.exceeded === true;
    if (!outOfStack && context.outOfMemory(memoryBytes))
      return new WeftError('WEFT_MEMORY', { name: fn.name, bytes: memoryBytes }, { cause });
    const reason = outOfStack ? OUT_OF_STACK : trapReason(cause, context.wasi?.exitCode);
    return new WeftError('WEFT_FUNCTION_TRAPPED', { name: fn.name, reason }, { cause });
  }

  /** proc_exit was called in a program with main. */
  get #exited(): boolean {
    return this.fn.contract.mayExit && this.active === this.fn.member && this.context.wasi?.exitCode !== undefined;
  }

  get #pastDeadline(): boolean {
    return performance.now() >= this.deadlineAt;
  }

  /** Runs the request again up to the crossing into that member, which then gives the error. False when that cannot be. */
  #replay(member: number, error: number): boolean {
    const crossing = this.group.books.opened(member);
    if (!this.journal?.canFail(crossing)) return false;
    this.journal.rewind(crossing, error);
    this.group.rollBack(true);
    this.#calls = NO_CALLS;
    this.#deadlines = undefined;
    this.#results?.take(undefined);
    this.#begin();
    return true;
  }

  #trap(reason: string, cause?: unknown): WeftError {
    return new WeftError('WEFT_FUNCTION_TRAPPED', { name: this.activeFunction.name, reason }, { cause });
  }

  #fail(error: WeftError, said = false): void {
    if (!this.#over) {
      this.#over = true;
      if (!said) this.version.complain(this.fn, error);
      this.#sink.failed(this, error);
    }
    this.#release(true);
  }

  /** The answer is out; the contexts go back to their snapshots and to the pool. */
  #release(all: boolean): void {
    this.#unwound = true;
    this.#results?.end();
    for (const { wasi } of this.group.contexts) wasi?.flush();
    this.fn.running--;
    if (this.group.contexts.length > 1) this.runtime.switches += this.group.books.crossings;
    this.group.release(all || this.killed);
    this.version.chainEnded();
  }

  /** A crossing that may not go ahead by itself: gives its error, and arms the next one. */
  stopCrossing(member: number): number {
    const { books } = this.group;
    const crossing = books.crossings;
    const error = this.journal?.takeFailure(crossing) ?? BY_HOST;
    if (error !== BY_HOST) {
      this.endLines(member, crossing);
      this.group.reset(member);
    }
    books.stopAt(this.journal?.stopAt ?? -1);
    return error;
  }

  /**
   * The slow path of an interrupt check asks: 'go-on' after a time slice, or 'end' the active function. A callee that
   * passed its own deadline ends alone, its caller goes on.
   */
  verdict(): 'go-on' | 'end' {
    const now = performance.now();
    this.activeFunction.counters.interrupts++;
    if (!this.mayWait() || now >= this.deadlineAt) return 'end';
    this.#overdue = this.#findOverdue(now);
    return this.#overdue === undefined ? 'go-on' : 'end';
  }

  #findOverdue(now: number): number | undefined {
    if (this.group.contexts.length === 1) return undefined;
    this.#deadlines ??= new CalleeDeadlines();
    return this.#deadlines.overdue(this.group, this.fn.member, now);
  }

  /** While the chain waits: ends it, or a callee in it, when the time is over. */
  checkDeadlines(now: number): void {
    if (now >= this.deadlineAt) this.overdue();
    else if (this.#findOverdue(now) !== undefined) {
      this.mustLook = true;
      this.wake?.(CALL_ERROR.deadline);
    }
  }

  /** The deadline passed while the chain was suspended: the client gets its answer now, the frames are unwound after. */
  overdue(): void {
    this.kill(new WeftError('WEFT_DEADLINE', { name: this.fn.name, ms: this.fn.spec.limits.deadlineMs }));
  }

  /** Whether there is memory for the request to wait: what it took shows only now. Ends it when not. */
  mayWait(): boolean {
    const { memory } = this.runtime;
    if (!this.killed && !memory.count(this.group)) {
      const error = new WeftError('WEFT_EXHAUSTED', { reason: memory.describe() });
      this.group.abandon();
      this.kill(error);
    }
    return !this.killed;
  }

  kill(error: WeftError): void {
    if (this.killed) return;
    this.killed = true;
    if (!this.#over) {
      this.#over = true;
      this.version.complain(this.fn, error);
      this.#sink.failed(this, error);
    }
    this.wake?.(CALL_ERROR.deadline);
  }
}

function keep(input: Input): Input {
  return { head: copyOf(input.head), body: copyOf(input.body), method: input.method, path: input.path, query: input.query };
}

const NO_BYTES = new Uint8Array(0);
const NO_INPUT: Input = { head: NO_BYTES, body: NO_BYTES, method: '', path: '', query: '' };
keepShape(() => new Chain({ depth: 1, startedAt: 0.5, deadlineAt: 0.5 } as ChainStart, NO_INPUT));
