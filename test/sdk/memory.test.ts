/** What becomes of memory that a request added. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { TestEngine, type TestFunction } from '../engine/harness.ts';
import { toolchains } from './build.ts';

/** Takes as many MiB as the body says, fills them, and answers how large the memory is now. */
const TAKER = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *text = weft_request_body(request, &length);
  const size_t size = (size_t)atoi(text) << 16;
  for (int i = 0; i < 4; i++) {
    volatile char *data = malloc(size / 4);
    if (data == NULL) return 1;
    for (size_t at = 0; at < size / 4; at++) {
      if (data[at] == 'x') return 2;
      data[at] = 'x';
    }
  }
  char answer[32];
  snprintf(answer, sizeof answer, "%zu", __builtin_wasm_memory_size(0));
  return weft_response_body(response, answer, strlen(answer));
}`;

/** Takes a MiB, waits, takes another. */
const WAITER = `
#include <stdlib.h>
#include <string.h>
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  (void)request;
  for (int i = 0; i < 2; i++) {
    volatile char *taken = malloc(1 << 20);
    if (taken == NULL) return 1;
    taken[0] = 1;
    weft_sleep_ms(20);
  }
  return weft_response_body(response, "done", 4);
}`;

/** Begins sixty calls that answer a MiB each before it waits for one; says how many it got. */
const COLLECTOR = `
#include <stdio.h>
#include <string.h>
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  (void)request;
  int handles[60], got = 0;
  for (int i = 0; i < 60; i++) handles[i] = weft_start("keeper", "", 0);
  weft_sleep_ms(20);
  for (int i = 0; i < 60; i++) {
    weft_result result;
    got += weft_wait(handles[i], &result) == 0;
  }
  char text[16];
  snprintf(text, sizeof text, "%d", got);
  return weft_response_body(response, text, strlen(text));
}`;

const KEEPER = `
#include <stdlib.h>
#include <string.h>
#include <weft/v1.h>

static char *kept;

int weft_on_init(void) {
  kept = malloc(1 << 20);
  memset(kept, 'k', 1 << 20);
  return 0;
}

int weft_handle(weft_request *request, weft_response *response) {
  (void)request;
  kept[0]++;
  return weft_response_body(response, kept, 1 << 20);
}`;

for (const toolchain of toolchains()) {
  describe(`memory, ${toolchain.name} toolchain`, () => {
    const built = async (spec: Partial<TestFunction> = {}): Promise<TestFunction> => {
      const wasm = await toolchain.build({ contract: 'weft', sources: { 'taker.c': TAKER } });
      return { wasm: await instrument(wasm, { optimize: false }), ...spec };
    };

    test('pages that one request added are wiped and used by the next', async () => {
      const engine = await TestEngine.start();
      await engine.deploy({ taker: await built() });
      const sizes = [];
      for (const pages of [40, 40, 40, 20, 44, 44]) sizes.push(Number((await engine.call('taker', `${pages}`)).body));
      const [first = 0, , , , more = 0] = sizes;
      assert.deepEqual(sizes, [first, first, first, first, more, more]);
      assert.ok(first >= 40 && more > first && more < first + 10, sizes.join());
      await engine.close();
    });

    test('memory taken at initialisation is there for every request, in old contexts and in new ones', async () => {
      const engine = await TestEngine.start();
      const wasm = await toolchain.build({ contract: 'weft', sources: { 'keeper.c': KEEPER } });
      await engine.deploy({ keeper: { wasm: await instrument(wasm, { optimize: false }) } });
      const expected = 'l'.padEnd(1 << 20, 'k');
      for (let round = 0; round < 3; round++) {
        assert.ok((await engine.call('keeper')).body === expected);
        engine.thread.scale('keeper', round % 2 === 0 ? 0 : 3);
      }
      await engine.close();
    });

    test('requests that together take more memory than there is are refused or ended, and others go on', async () => {
      const engine = await TestEngine.start({ maxContextBytes: 32 << 20 });
      const wasm = await toolchain.build({ contract: 'weft', sources: { 'waiter.c': WAITER } });
      await engine.deploy({ waiter: { wasm: await instrument(wasm, { optimize: false }) } });
      const refused = '{"error":{"code":"WEFT_EXHAUSTED"';
      for (let round = 0; round < 3; round++) {
        const replies = await Promise.all(Array.from({ length: 100 }, () => engine.call('waiter')));
        const done = replies.filter(({ status, body }) => status === 200 && body === 'done').length;
        assert.equal(done + replies.filter(({ status, body }) => status === 503 && body.startsWith(refused)).length, 100);
        assert.ok(done >= 10 && done <= 32, `${done} of 100`);
        assert.equal((await engine.call('waiter')).body, 'done');
      }
      await engine.close();
    });

    test('results that nobody takes count as well: calls beyond the memory there is fail, alone', async () => {
      const engine = await TestEngine.start({ maxContextBytes: 48 << 20 });
      const build = async (file: string, source: string): Promise<TestFunction> => ({
        wasm: await instrument(await toolchain.build({ contract: 'weft', sources: { [file]: source } }), { optimize: false }),
      });
      await engine.deploy({ keeper: await build('keeper.c', KEEPER), collector: await build('collector.c', COLLECTOR) });
      for (let round = 0; round < 3; round++) {
        const { status, body } = await engine.call('collector');
        assert.equal(status, 200, body);
        assert.ok(Number(body) >= 4 && Number(body) < 48, `${body} of 60`);
      }
      await engine.close();
    });

    test('a function that takes more than it may is a 500, and is served again afterwards', async () => {
      const engine = await TestEngine.start();
      await engine.deploy({ taker: await built({ limits: { memoryBytes: 4 * 1024 * 1024 } }) });
      for (let round = 0; round < 3; round++) {
        assert.equal((await engine.call('taker', '100')).status, 500);
        assert.equal((await engine.call('taker', '40')).status, 200);
      }
      await engine.close();
    });
  });
}
