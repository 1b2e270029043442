/** Requests that wait: many at once, in parallel, and with deadlines of their own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { compiled, compiledFile } from './compiled.ts';
import { type Reply, TestEngine, type TestFunction } from './harness.ts';

const MOST_BYTES = 500 * 1000 * 1000;

/** A process has addresses for some 15,000 contexts, and those of a merge group have one for each function. */
for (const [how, requests] of [
  ['alone', 10_000],
  ['merged', 5_000],
] as const) {
  test(`${requests} requests wait at once in one thread, ${how}, within ${MOST_BYTES / 1e6} MB`, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'many-waiting.ts'), how, String(requests)]);
    const seen = JSON.parse(stdout) as { waiting: number; right: number; grown: number };
    assert.deepEqual([seen.waiting, seen.right], [requests, requests]);
    assert.ok(seen.grown < MOST_BYTES, `${seen.grown} bytes`);
  });
}

test('requests for which there are no more contexts are refused, the others end well', async () => {
  const engine = await TestEngine.start({ maxContexts: 20 });
  const wasm = await compiled(`
    #include <weft/v1.h>
    int weft_handle(weft_request *request, weft_response *response) {
      (void)request;
      weft_sleep_ms(20);
      return weft_response_write(response, "x", 1);
    }`);
  await engine.deploy({ a: { wasm } });
  const replies = await Promise.all(Array.from({ length: 50 }, () => engine.call('a')));
  const statuses = replies.map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 200).length, 20);
  assert.equal(statuses.filter((status) => status === 503).length, 30);
  assert.match(replies.find(({ status }) => status === 503)?.body ?? '', /"WEFT_EXHAUSTED".*20 contexts in this process, of 20/);
  assert.equal((await engine.call('a')).body, 'x');
  await engine.close();
});

describe('functions that wait', () => {
  let engine: TestEngine;
  let wasm: Uint8Array;
  before(async () => {
    engine = await TestEngine.start();
    wasm = await compiledFile('script.c');
  });
  after(() => engine.close());

  const deploy = async (
    deadlines: Readonly<Record<string, number>>,
    merge: string[][] = [],
    spec: TestFunction['spec'] = {},
  ): Promise<void> => {
    const functions = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [name, { wasm, spec, limits: { deadlineMs: deadlines[name] ?? 30_000 } }]),
    );
    const outcome = await engine.deploy(functions, merge);
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  };

  test('calls in parallel overlap their waits', async () => {
    await deploy({});
    // One after the other they would take longer than the deadline allows.
    await deploy({ a: 2000 });
    const { status, body } = await engine.call('a', `${'sb{z300;e1;}'.repeat(15)}w`);
    assert.deepEqual([status, body], [200, '(200 1)'.repeat(15)]);
  });

  test('each of many interleaved requests keeps its own state', async () => {
    await deploy({}, [['a', 'b', 'c']]);
    const replies = await Promise.all(
      Array.from({ length: 300 }, (_, i) => engine.call('a', `e${i};cb{z${i % 7};e${i};cc{z${i % 5};e${i};}}e${i};`)),
    );
    replies.forEach(({ body }, i) => assert.equal(body, `${i}(200 ${i}(200 ${i}))${i}`));
  });

  const code = ({ body }: Reply): unknown => (JSON.parse(body) as { error: { code: string } }).error.code;

  for (const [how, merge, spec] of [
    ['apart', [], {}],
    ['merged', [['a', 'b', 'c']], {}],
    ['merged and keeping state', [['a', 'b', 'c']], { rollback: 'never' }],
  ] as const) {
    const grouped = merge.map((group) => [...group]);

    test(`a callee that waits past its own deadline is an error to its caller, ${how}`, async () => {
      await deploy({ b: 40 }, grouped, spec);
      assert.equal((await engine.call('a', 'cb{z10000;e1;}e2;')).body, '!5/02');
    });

    test(`a callee whose own callee waits too long for it ends, ${how}`, async () => {
      await deploy({ b: 40 }, grouped, spec);
      assert.match((await engine.call('a', 'cb{cc{z10000;e1;}e2;}e3;')).body, /^(!5\/0|\(200 !5\/02\))3$/);
    });

    test(`a request that waits past its deadline gets 504, whoever in it waits, ${how}`, async () => {
      await deploy({ a: 40 }, grouped, spec);
      for (const script of ['z10000;', 'cb{z10000;}', 'cb{cc{z10000;}}', 'sb{z10000;}w']) {
        const reply = await engine.call('a', script);
        assert.deepEqual([reply.status, code(reply)], [504, 'WEFT_DEADLINE'], script);
      }
      assert.equal((await engine.call('a', 'cb{e1;}')).body, '(200 1)');
    });
  }

  test('a request that waits a little longer than its deadline gets 504', async () => {
    for (let deadlineMs = 21; deadlineMs < 31; deadlineMs++) {
      await deploy({ a: deadlineMs });
      const reply = await engine.call('a', `z${deadlineMs + 1};ex;`);
      assert.deepEqual([reply.status, code(reply)], [504, 'WEFT_DEADLINE'], `${deadlineMs} ms`);
    }
  });

  test('a call that nobody waits for ends by itself, and its result goes nowhere', async () => {
    await deploy({});
    assert.equal((await engine.call('a', 'sb{z30;r5000;}ex;')).body, 'x');
    const looked = await engine.call('a', 'z60;R');
    assert.equal(looked.body, '-8');
    await engine.quiet();
  });

  test('what nobody waits for any more keeps no timer', async () => {
    await deploy({ a: 30 });
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    for (let i = 0; i < 20; i++) await engine.call('a', 'z1000000;');
    await engine.quiet();
    engine.takeLogs();
    const left = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    assert.ok(left <= before, `${left} timers, ${before} before`);
  });
});
