/** Contexts that have grown for a large request: kept for those that need it, and no burden to all others. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WarmGroups } from '../../src/engine/warm-groups.ts';
import { compiled } from './compiled.ts';
import { guest } from './guests.ts';
import { TestEngine } from './harness.ts';

describe('warm groups', () => {
  test('give the latest first, and one that has grown only where there is no other', () => {
    const warm = new WarmGroups<string>();
    warm.put('a');
    warm.put('b');
    warm.putGrown('large');
    assert.equal(warm.length, 3);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => warm.take(10)),
      ['b', 'a', 'large', undefined],
    );
  });

  test('give one that has grown to inputs as large as one that needed it, and to none that turned out not to', () => {
    const warm = new WarmGroups<string>();
    const taken = (inputBytes: number): string | undefined => {
      warm.put('small');
      warm.putGrown('large');
      const found = warm.take(inputBytes);
      warm.takeAll();
      return found;
    };
    warm.learn(1000, true);
    assert.deepEqual([999, 1000, 5000].map(taken), ['small', 'large', 'large']);
    warm.learn(1200, false);
    assert.deepEqual([1200, 1201].map(taken), ['small', 'large']);
    warm.learn(10, false);
    assert.equal(taken(1201), 'large');
    warm.learn(0, true);
    assert.equal(taken(0), 'large');
  });

  test('can all be taken away', () => {
    const warm = new WarmGroups<string>();
    warm.put('small');
    warm.putGrown('large');
    assert.deepEqual(warm.takeAll(), ['small', 'large']);
    assert.equal(warm.length, 0);
  });
});

const MB = 1_000_000;
const PAGE = 65_536;

/** Input: a letter and a number. m: allocates so many bytes and writes to them; r: reads at that address. */
const SOURCE = `
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *input = weft_request_body(request, &length);
  const unsigned long number = strtoul(input + 1, NULL, 10);
  if (input[0] == 'r') return weft_response_write(response, *(volatile char *)number == 0 ? "wiped" : "dirty", 5);
  char *memory = malloc(number);
  if (memory == NULL) return -1;
  memset(memory, 1, number);
  return weft_response_write(response, memory + number - 1, 1);
}`;

describe('a function that one request made grow', () => {
  let engine: TestEngine;
  let wasm: Uint8Array;
  let earlier = 0;
  before(async () => {
    wasm = await compiled(SOURCE);
    engine = await TestEngine.start();
  });
  after(() => engine.close());

  const deploy = async (limits = {}): Promise<void> => {
    const outcome = await engine.deploy({ f: { wasm, limits } });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    earlier = counted();
  };
  const grow = async (bytes: number, inputBytes = 0): Promise<void> => {
    const { status, body } = await engine.call('f', `m${bytes}`.padEnd(inputBytes));
    assert.deepEqual([status, body], [200, '\u0001']);
  };
  /** Whether the context that answers has the memory behind its first page; if so, it is wiped. */
  const hasGrown = async (): Promise<boolean> => {
    const { status, body } = await engine.call('f', `r${PAGE + 4096}`);
    if (status === 200) assert.equal(body, 'wiped');
    else assert.equal(status, 502);
    return status === 200;
  };
  const counted = (): number => engine.thread.metrics().functions.find((f) => f.function === 'f')?.coldStarts ?? 0;
  /** Since the deploy. */
  const coldStarts = (): number => counted() - earlier;

  test('has its memory for all that need as much', async () => {
    await deploy();
    for (let i = 0; i < 20; i++) await grow(6 * MB);
    assert.equal(coldStarts(), 0);
    assert.equal(await hasGrown(), true);
  });

  test('does without it when it was wiped in vain for as long as a new context takes', async () => {
    await deploy();
    await grow(3 * MB);
    assert.deepEqual([await hasGrown(), await hasGrown(), await hasGrown()], [true, true, false]);
    assert.equal(coldStarts(), 1);
  });

  test('keeps it apart, for requests as large as those that needed it', async () => {
    await deploy();
    engine.thread.scale('f', 2);
    for (let i = 0; i < 20; i++) {
      await grow(3 * MB, 5000);
      assert.equal(await hasGrown(), false);
    }
    assert.equal(coldStarts(), 0);
  });

  test('gives memory back that would take too long to wipe', async () => {
    await deploy({ memoryBytes: 128 * 1024 * 1024 });
    await grow(80 * MB);
    assert.equal(await hasGrown(), false);
  });
});

test('a function that keeps its state has it in the next request, though it has grown', async () => {
  const wasm = await compiled(`
#include <stdlib.h>
#include <weft/v1.h>
static char count = 'a';
int weft_handle(weft_request *request, weft_response *response) {
  volatile char *memory = malloc(${3 * MB});
  if (memory == NULL) return -1;
  memory[${3 * MB} - 1] = 1;
  free((void *)memory);
  const int error = weft_response_write(response, &count, 1);
  count++;
  return error;
}`);
  const engine = await TestEngine.start({ maxContextBytes: 16 * MB });
  try {
    const outcome = await engine.deploy({ f: { wasm, spec: { rollback: 'never' } } });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    engine.thread.scale('f', 2);
    let answers = '';
    for (let i = 0; i < 5; i++) answers += (await engine.call('f')).body;
    assert.equal(answers, 'abcde');
  } finally {
    await engine.close();
  }
});

test('an idle function does without what it has grown by when another needs memory', async () => {
  const wasm = await compiled(SOURCE);
  const engine = await TestEngine.start({ maxContextBytes: 120 * MB });
  try {
    const outcome = await engine.deploy({ one: { wasm }, other: { wasm } });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    const grow = async (name: string): Promise<void> => assert.equal((await engine.call(name, `m${10 * MB}`)).status, 200);
    await grow('one');
    for (let i = 0; i < 10; i++) await grow('other');
    const live = engine.thread.metrics().functions.map((f) => [f.function, f.contextsLive, f.coldStarts]);
    assert.deepEqual(live, [
      ['one', 0, 0],
      ['other', 1, 0],
    ]);
  } finally {
    await engine.close();
  }
});

test('a function that grows its memory by itself has as much for each request', async () => {
  const wasm = guest({
    enter: `(if (i32.eq (memory.grow $memory (i32.const 8)) (i32.const -1)) (then (return (i32.const 1))))
      (call $answer (i32.const 0) (i32.const 0)) (i32.const 0)`,
  });
  const engine = await TestEngine.start();
  const outcome = await engine.deploy({ f: { wasm, limits: { memoryBytes: 16 * PAGE } } });
  assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  for (let i = 0; i < 10; i++) assert.equal((await engine.call('f')).status, 200);
  await engine.close();
});
