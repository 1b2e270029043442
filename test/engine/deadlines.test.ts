/** Deadlines of what drivers run, on one timer; and how what runs is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dated, Deadlines } from '../../src/engine/deadlines.ts';
import { Ending } from '../../src/engine/ending.ts';
import { WeftError } from '../../src/model/errors.ts';

class Running implements Dated {
  readonly deadlineAt: number;
  readonly #met: string[];
  readonly #name: string;

  constructor(name: string, inMs: number, met: string[]) {
    this.deadlineAt = performance.now() + inMs;
    this.#met = met;
    this.#name = name;
  }

  overdue(): void {
    assert.ok(performance.now() >= this.deadlineAt, `${this.#name} is told too early`);
    this.#met.push(this.#name);
  }
}

const late = new WeftError('WEFT_DEADLINE', { name: 'it', ms: 1 });
const gone = new WeftError('WEFT_CLIENT_GONE', { name: 'it' });

test('each is told once when its time is over, in the order of their deadlines, whatever the order they came in', async () => {
  const met: string[] = [];
  const deadlines = new Deadlines();
  for (const [name, ms] of [
    ['third', 90],
    ['first', 10],
    ['second', 50],
    ['over', 0],
  ] as const)
    deadlines.add(new Running(name, ms, met));
  while (met.length < 4) await sleep(5);
  await sleep(30);
  assert.deepEqual(met, ['over', 'first', 'second', 'third']);
});

test('what ended in time is told nothing, and those that came later are', async () => {
  const met: string[] = [];
  const deadlines = new Deadlines();
  const ended = new Running('ended', 10, met);
  deadlines.add(ended);
  deadlines.delete(ended);
  await sleep(30);
  deadlines.add(new Running('later', 10, met));
  deadlines.add(new Running('far', 10 ** 12, met));
  while (met.length === 0) await sleep(5);
  assert.deepEqual(met, ['later']);
});

test('an ending tells who works for the request, once, and has a signal for those who come early or late', () => {
  const ending = new Ending();
  const told: unknown[] = [];
  const early = ending.signal;
  ending.onEnded = (reason) => told.push(reason);
  ending.end(late);
  ending.end(gone);
  assert.deepEqual([told, early.reason, ending.signal, ending.reason], [[late], late, early, late]);

  const silent = new Ending();
  silent.end(gone);
  assert.equal(silent.signal.reason, gone);
});
