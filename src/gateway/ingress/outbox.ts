/**
 * One per thread: where small answers gather, one client's behind the other's, until the turn of the event loop is over. Sent together,
 * they wake a client that waits for several of them once: a third less time in the kernel at 32 connections of one machine.
 */
import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import { Linger } from './linger.ts';
import type { Output } from './output.ts';

const BYTES = 64 * 1024;
/** A larger answer goes by itself. */
const MAX_ANSWER_BYTES = 16 * 1024;
/** No answer waits longer than this for others that are still being made. */
const MAX_WAIT_MS = 0.1;
/** To look at the clock costs a hundredth of a small request. */
const CLOCK_EVERY = 4;
const MAX_VIEWS = 1024;
/** Turns with one answer each, after which the next ones are taken to be alone, too. */
const ALONE_TURNS = 4;
/** So many leave at once then, until it is seen again whether they are alone. */
const AT_ONCE = 15;

export class Outbox {
  bytes = Buffer.allocUnsafeSlow(BYTES);
  /** How much is written; whoever got room moves it. */
  length = 0;
  /** Whose bytes are at the end. */
  writer: Output | null = null;
  /** Outputs with bytes here. */
  #users = 0;
  #unsent: Output[] = [];
  #spare: Output[] = [];
  #since = 0;
  /** Answers of this turn that have left already. */
  #sent = 0;
  #aloneTurns = 0;
  #atOnce = 0;
  /** Who got the last answer that might leave at once. */
  #client: Output | null = null;
  /** It asks again as soon as it has its answer, and nobody else does. */
  #lingers = false;
  /** By where they begin and end: answers often lie where others have lain before. */
  readonly #views = new Map<number, Buffer>();
  readonly #linger = new Linger();
  #turnIsOpen = false;
  readonly #endOfTurn = (): void => {
    this.flush();
    if (this.#sent === 0) return;
    this.#aloneTurns = this.#sent === 1 ? this.#aloneTurns + 1 : 0;
    this.#sent = 0;
    if (this.#aloneTurns < ALONE_TURNS) return;
    this.#atOnce = AT_ONCE;
    if (this.#lingers) this.#linger.answered();
  };

  static holds(bytes: number): boolean {
    return bytes <= MAX_ANSWER_BYTES;
  }

  fits(bytes: number): boolean {
    return this.length + bytes <= BYTES;
  }

  /** Room for so many bytes at the end, which are that output's. */
  begin(output: Output, bytes: number): void {
    this.#closeLast();
    if (!this.fits(bytes)) {
      this.flush();
      // Of those that have not finished writing, bytes may still be there.
      if (this.#users > 0) this.#replace();
    }
    this.writer = output;
    this.#users += 1;
  }

  /** That output's bytes are sent, or nobody wants them. */
  end(output: Output): void {
    if (this.writer === output) this.#closeLast();
    this.#users -= 1;
    if (this.#users === 0) this.length = 0;
  }

  #closeLast(): void {
    this.writer?.seal();
    this.writer = null;
  }

  /** That output's client is gone. */
  forget(output: Output): void {
    if (this.#client === output) this.#client = null;
  }

  /** A socket keeps a view of these bytes until the kernel takes them. */
  leave(bytes: Buffer): void {
    if (bytes === this.bytes) this.#replace();
  }

  #replace(): void {
    this.#closeLast();
    this.bytes = Buffer.allocUnsafeSlow(BYTES);
    this.length = 0;
    this.#views.clear();
  }

  view(bytes: Buffer, from: number, to: number): Buffer {
    if (bytes !== this.bytes) return bytes.subarray(from, to);
    const key = from * (BYTES + 1) + to;
    const known = this.#views.get(key);
    if (known) return known;
    const view = bytes.subarray(from, to);
    if (this.#views.size >= MAX_VIEWS) this.#views.clear();
    this.#views.set(key, view);
    return view;
  }

  /** Whether requests are to be expected to come together. */
  get expectsSeveral(): boolean {
    return this.#atOnce === 0;
  }

  /** What is sent soon from here on waits for `closeTurn`. */
  openTurn(): void {
    this.#turnIsOpen = true;
  }

  closeTurn(): void {
    this.#turnIsOpen = false;
    this.#endOfTurn();
  }

  flushSoon(output: Output): void {
    this.#unsent.push(output);
    if (this.#unsent.length === 1) {
      this.#since = performance.now();
      if (!this.#turnIsOpen) setImmediate(this.#endOfTurn);
    } else if (this.#unsent.length % CLOCK_EVERY === 0 && performance.now() - this.#since > MAX_WAIT_MS) this.flush();
  }

  /**
   * Whether an answer that is made now gains nothing by waiting for others; then it reaches its client before its context is wiped.
   * `direct`: it was made as soon as its request was read. Others come from where somebody else needs the processors as well; and where
   * several clients ask, their answers should rather come together.
   */
  takeLeave(output: Output, direct: boolean): boolean {
    this.#lingers = direct && output === this.#client;
    this.#client = output;
    if (this.#atOnce === 0 || this.#unsent.length > 0) return false;
    this.#atOnce -= 1;
    if (this.#lingers) this.#linger.answered();
    return true;
  }

  flush(): void {
    const outputs = this.#unsent;
    if (outputs.length === 0) return;
    this.#sent += outputs.length;
    // Sending can lead to new answers.
    this.#unsent = this.#spare;
    for (const output of outputs) output.flush();
    outputs.length = 0;
    this.#spare = outputs;
  }
}
