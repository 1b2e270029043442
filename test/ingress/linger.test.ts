/** When a thread waits for its client's next request awake, and when it goes to sleep. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Linger, type LingerThread } from '../../src/gateway/ingress/linger.ts';

const LOOK_MS = 0.002;

/** A thread whose time passes as a test says. */
class Machine implements LingerThread {
  ms = 0;
  waited: number | undefined;
  /** Of the processor, while nobody asked anything. */
  spentMs = 0;
  #look: (() => void) | undefined;
  readonly linger: Linger;

  /** `waited`: how long it has waited for the processor so far. */
  constructor(waited: number | undefined) {
    this.waited = waited;
    this.linger = new Linger(this);
  }

  now(): number {
    return this.ms;
  }

  waitedMs(): number | undefined {
    return this.waited;
  }

  again(look: () => void): void {
    this.#look = look;
  }

  get awake(): boolean {
    return this.#look !== undefined;
  }

  /** An answer, and so long until the next request is there. Whether the thread was awake then. */
  answerAnd(ms: number, waited = 0): boolean {
    this.linger.answered();
    const until = this.ms + ms;
    while (this.awake && this.ms < until) {
      this.ms += LOOK_MS;
      this.spentMs += LOOK_MS;
      const look = this.#look;
      this.#look = undefined;
      look?.();
    }
    this.ms = Math.max(this.ms, until);
    if (this.waited !== undefined) this.waited += waited;
    return this.awake;
  }
}

test('a client that asks again at once is waited for awake, each time', () => {
  const machine = new Machine(0);
  for (let asked = 0; asked < 10_000; asked += 1) assert.ok(machine.answerAnd(0.03), `request ${asked}`);
});

test('the last one is waited for no longer than 50 us', () => {
  const machine = new Machine(0);
  for (let asked = 0; asked < 100; asked += 1) machine.answerAnd(0.03);
  const before = machine.spentMs;
  assert.equal(machine.answerAnd(1000), false);
  assert.ok(machine.spentMs - before < 0.06, `${machine.spentMs - before} ms`);
});

test('clients that take longer are soon waited for asleep, but for one answer in 64; and awake again when they become faster', () => {
  const machine = new Machine(0);
  for (let asked = 0; asked < 1000; asked += 1) machine.answerAnd(0.5);
  const before = machine.spentMs;
  for (let asked = 0; asked < 6400; asked += 1) machine.answerAnd(0.5);
  assert.ok(machine.spentMs - before <= 101 * 0.054, `${machine.spentMs - before} ms`);
  for (let asked = 0; asked < 64; asked += 1) machine.answerAnd(0.03);
  for (let asked = 0; asked < 1000; asked += 1) assert.ok(machine.answerAnd(0.03), `request ${asked}`);
});

test('where others wait for the processor it is left to them, for longer and longer; and is taken again when they are gone', () => {
  const machine = new Machine(0);
  const awakeFor = (ms: number, waited: number): number => {
    const until = machine.ms + ms;
    let awake = 0;
    let all = 0;
    while (machine.ms < until) {
      all += 1;
      if (machine.answerAnd(0.03, waited)) awake += 1;
    }
    return awake / all;
  };
  assert.equal(awakeFor(1000, 0.002), 1, 'a fifteenth of the time is not much');
  const first = awakeFor(1000, 0.01);
  const then = awakeFor(10_000, 0.01);
  assert.ok(first < 0.25 && then < first, `${first} ${then}`);
  awakeFor(6500, 0);
  assert.equal(awakeFor(1000, 0), 1);
});

test('where it is not known whether others wait, it always sleeps', () => {
  const machine = new Machine(undefined);
  for (let asked = 0; asked < 100; asked += 1) assert.equal(machine.answerAnd(0.03), false);
});
