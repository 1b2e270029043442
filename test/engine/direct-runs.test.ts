/** Requests run on the thread's own stack until they have to wait; nobody can tell which of them started over. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DirectRuns } from '../../src/engine/direct-runs.ts';
import { compiled } from './compiled.ts';
import { TestEngine } from './harness.ts';

/** Counts in its memory what it does before and after it must wait; 's' sleeps, 'l' logs, 'n' is enough as it is. */
const COUNTING = `
#include <weft/v1.h>
static int runs;
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *what = weft_request_body(request, &length);
  runs++;
  if (length > 0 && what[0] == 'l') weft_log(WEFT_INFO, "once");
  if (length > 0 && what[0] == 's') weft_sleep_ms(1);
  const char digit = (char)('0' + runs);
  return weft_response_write(response, &digit, 1);
}`;

test('one request in so many is tried again after some had to start over, and the past is forgotten in the end', () => {
  const runs = new DirectRuns();
  const untilTried = (): number => {
    let skipped = 0;
    while (!runs.next()) skipped++;
    return skipped;
  };
  const skipped = Array.from({ length: 12 }, () => {
    runs.left();
    return untilTried();
  });
  assert.deepEqual(skipped, [1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1023, 1023]);
  for (let i = 0; i < 1024; i++) runs.ended();
  runs.left();
  assert.equal(untilTried(), 1);
});

describe('a request that starts over', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await TestEngine.start();
  });
  after(() => engine.close());

  for (const merge of [[], [['counting', 'other']]]) {
    test(`has done nothing before, and logs once, ${merge.length > 0 ? 'merged' : 'alone'}`, async () => {
      const wasm = await compiled(COUNTING);
      await engine.deploy({ counting: { wasm }, other: { wasm } }, merge);
      const before = engine.logs.length;
      const answers: string[] = [];
      for (const what of ['n', 's', 'n', 'l', 's', 'l', 'n', 'l', 's', 'n']) answers.push((await engine.call('counting', what)).body);
      assert.deepEqual(answers, new Array(10).fill('1'));
      engine.thread.flushLogs();
      assert.deepEqual(
        engine.logs.slice(before).map(({ text }) => text),
        ['once', 'once', 'once'],
      );
    });
  }
});
