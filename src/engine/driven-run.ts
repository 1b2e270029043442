/** One request to a function that a driver runs, from its admission to its end: its deadline, its memory, its place in the books. */
import { performance } from 'node:perf_hooks';
import { WeftError } from '../model/errors.ts';
import type { Input } from './contract.ts';
import type { Dated } from './deadlines.ts';
import type { DrivenFunction } from './driven-function.ts';
import { type AnswerStream, asWeftError, type Driven, type DrivenRequest, type End } from './driver.ts';
import { Ending } from './ending.ts';
import type { Counted } from './memory-budget.ts';
import type { Version } from './version.ts';

/** What a driver has to end a request after its deadline. */
const GRACE_MS = 1000;

export interface DrivenRunParts {
  readonly input: Input;
  readonly depth: number;
  /** By performance.now(). */
  readonly startedAt: number;
  readonly deadlineAt: number;
  readonly stream: AnswerStream | undefined;
  /** Tells whoever asked; what it throws is a defect, and nobody else's problem. `now`: by performance.now(). */
  readonly finish: (end: End, now: number) => void;
}

export class DrivenRun implements DrivenRequest, Dated, Counted {
  readonly input: Input;
  readonly depth: number;
  readonly startedAt: number;
  deadlineAt: number;
  readonly stream: AnswerStream | undefined;
  readonly ending = new Ending();
  countedBytes = 0;
  readonly #version: Version;
  readonly #fn: DrivenFunction;
  readonly #finish: (end: End, now: number) => void;
  #overdue: NodeJS.Timeout | undefined;
  #over = false;

  constructor(version: Version, fn: DrivenFunction, { input, depth, startedAt, deadlineAt, stream, finish }: DrivenRunParts) {
    this.#version = version;
    this.#fn = fn;
    this.input = input;
    this.depth = depth;
    this.startedAt = startedAt;
    this.deadlineAt = deadlineAt;
    this.stream = stream;
    this.#finish = finish;
  }

  /** What came in is kept here while its request waits for an instance and runs. */
  get usedBytes(): number {
    return this.input.head.length + this.input.body.length;
  }

  start(driven: Driven): void {
    const { runtime } = this.#version;
    runtime.memory.count(this);
    runtime.deadlines.add(this);
    this.#fn.running++;
    this.#fn.counters.waiting++;
    this.#version.chains++;
    try {
      driven.run(this, this.#ended);
    } catch (cause) {
      this.#ended(asWeftError(cause));
    }
  }

  overdue(): void {
    const { name, limits } = this.#fn.spec;
    this.end(new WeftError('WEFT_DEADLINE', { name, ms: limits.deadlineMs }));
  }

  /** It became a connection that lasts until one side ends it: while its version is the newest one, and for its deadline's time after that. */
  lasts(): void {
    if (this.#over) return;
    this.#version.runtime.deadlines.delete(this);
    if (this.#version.retired) this.endsInTime();
    else this.#version.lasting.add(this);
  }

  endsInTime(): void {
    this.deadlineAt = performance.now() + this.#fn.spec.limits.deadlineMs;
    this.#version.runtime.deadlines.add(this);
  }

  /** A driver ends its request itself, and then knows more about it; should it hang, the client is answered all the same. */
  end(reason: WeftError): void {
    if (this.#over || this.ending.reason) return;
    this.#overdue = setTimeout(this.#ended, GRACE_MS, reason);
    this.ending.end(reason);
  }

  readonly #ended = (end: End): void => {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#overdue);
    const version = this.#version;
    const fn = this.#fn;
    version.runtime.deadlines.delete(this);
    version.lasting.delete(this);
    version.runtime.memory.release(this);
    fn.running--;
    fn.counters.waiting--;
    const now = performance.now();
    fn.lastUsed = now;
    try {
      this.#finish(end, now);
    } catch (cause) {
      version.log(fn, 'error', `its answer was lost: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
    } finally {
      version.chainEnded();
    }
  };
}
