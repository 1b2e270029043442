/** Functions of which nobody knows how much stack they may need: few KiB for most requests, and what their author asked for where that is not enough. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { GuestFunction } from '../../src/engine/guest-function.ts';
import { INITIAL_HEAP_BYTES } from '../../src/engine/spare-stack.ts';
import { compiled } from './compiled.ts';
import { TestEngine, type TestFunction } from './harness.ts';

const STACK_BYTES = 128 * 1024;
/** Less than its author asked for, and more than it is linked with. */
const DEEP = 100;
const TOO_DEEP = 1000;

/**
 * Its input is letters, each of them with a number behind it: 'd' calls itself so often, with half a KiB each; 'v' takes an array of so many bytes; 's'
 * sleeps first, 'c' calls "callee" with the rest, 'f' looks for what 'd' has written anywhere in so many bytes.
 */
const SOURCE = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/v1.h>
#define MARK 0x5e
static volatile int canary[64];
__attribute__((noinline)) static int down(int n) {
  volatile char here[500];
  for (unsigned i = 0; i < sizeof here; i++) here[i] = MARK;
  return n == 0 ? 0 : down(n - 1) + (here[n % sizeof here] == MARK);
}
__attribute__((noinline)) static int array(unsigned n) {
  volatile char here[n];
  here[0] = here[n - 1] = 7;
  return here[0] + here[n - 1] == 14 && down(1) == 1;
}
static int find(unsigned bytes) {
  int found = 0;
  for (volatile const char *at = (const char *)1; at < (const char *)bytes; at++) found += at[0] == MARK && at[1] == MARK;
  return found;
}
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *input = weft_request_body(request, &length);
  char text[64] = "", answer[200] = "";
  memcpy(text, input, length < sizeof text ? length : sizeof text - 1);
  for (int i = 0; i < 64; i++) canary[i] = i;
  for (char *at = text; *at != 0;) {
    const char what = *at++;
    if (what == 'c') {
      weft_result result;
      const int error = weft_call("callee", at, strlen(at), &result);
      snprintf(answer, sizeof answer, "%d:%.*s", error, (int)result.length, (const char *)result.data);
      break;
    }
    const unsigned n = strtoul(at, &at, 10);
    int result = 0;
    if (what == 's') weft_sleep_ms(1);
    if (what == 'd') result = down(n);
    if (what == 'v') result = array(n);
    if (what == 'f') result = find(n);
    if (what != 's') snprintf(answer + strlen(answer), 20, "%d ", result);
  }
  for (int i = 0; i < 64; i++) if (canary[i] != i) return weft_response_write(response, "overrun", 7);
  return weft_response_write(response, answer, strlen(answer));
}`;

const INITIALISED = `
#include <stdlib.h>
#include <string.h>
#include <weft/v1.h>
static char *kept;
static int sum;
__attribute__((noinline)) static int down(int n) {
  volatile char here[500];
  memset((char *)here, n, sizeof here);
  return n == 0 ? 0 : down(n - 1) + (here[1] == (char)n);
}
int weft_on_init(void) {
  kept = malloc(BYTES);
  if (kept == NULL) return 1;
  memset(kept, 'k', BYTES);
  sum = down(${DEEP});
  return 0;
}
int weft_handle(weft_request *request, weft_response *response) {
  (void)request;
  for (int i = 0; i < BYTES; i++) if (kept[i] != 'k') return 1;
  const int same = sum == ${DEEP} && down(${DEEP}) == ${DEEP};
  memset(kept, 0, BYTES);
  return weft_response_write(response, same ? "same" : "other", same ? 4 : 5);
}`;

function stackOf(wasm: Uint8Array<ArrayBuffer>): { bytes: number } | undefined {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(wasm), 'weft.abi');
  return (JSON.parse(new TextDecoder().decode(section)) as { stack?: { bytes: number } }).stack;
}

type Spec = NonNullable<TestFunction['spec']>;

async function withEngine(use: (engine: TestEngine) => Promise<void>, options: Parameters<typeof TestEngine.start>[0] = {}): Promise<void> {
  const engine = await TestEngine.start(options);
  try {
    await use(engine);
  } finally {
    await engine.close();
  }
}

async function deploy(engine: TestEngine, functions: Readonly<Record<string, TestFunction>>, merge: string[][] = []): Promise<void> {
  const outcome = await engine.deploy(functions, merge);
  assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
}

const WAYS: Readonly<Record<string, { merge: string[][]; caller: Spec; callee: Spec }>> = {
  apart: { merge: [], caller: {}, callee: {} },
  merged: { merge: [['caller', 'callee']], caller: {}, callee: {} },
  'merged, and rolled back at each call': { merge: [['caller', 'callee']], caller: {}, callee: { rollback: 'call' } },
  'merged, where the callee keeps its state': { merge: [['caller', 'callee']], caller: {}, callee: { rollback: 'never' } },
  'apart, where both keep their state': { merge: [], caller: { rollback: 'never' }, callee: { rollback: 'never' } },
};

for (const [way, { merge, caller, callee }] of Object.entries(WAYS)) {
  describe(`a function with little stack and a spare one, ${way}`, () => {
    let engine: TestEngine;
    before(async () => {
      const wasm = await compiled(SOURCE, { stackBytes: STACK_BYTES });
      assert.equal(stackOf(wasm)?.bytes, STACK_BYTES);
      engine = await TestEngine.start();
      await deploy(engine, { caller: { wasm, spec: caller }, callee: { wasm, spec: callee } }, merge);
    });
    after(() => engine.close());

    const answer = async (input: string): Promise<string> => {
      const { status, body } = await engine.call('caller', input);
      return status === 200 ? body : `${status}`;
    };

    test('has the stack that it needs, whether it waited before or not, time and again', async () => {
      for (let round = 0; round < 5; round++) {
        for (const before of ['', 's1']) {
          assert.equal(await answer(`${before}d${DEEP}`), `${DEEP} `);
          assert.equal(await answer(`${before}d5`), '5 ');
          assert.equal(await answer(`${before}c${before}d${DEEP}`), `0:${DEEP} `);
          assert.equal(await answer(`${before}v40000`), '1 ');
        }
      }
    });

    test('is ended where that is used up, before it runs into anything else; and the next request is served', async () => {
      for (const before of ['', 's1']) {
        for (const much of [`d${TOO_DEEP}`, 'v300000', 'v500000', 'v2147483648', 'v4294967000']) {
          const from = engine.logs.length;
          assert.equal(await answer(`${before}${much}`), '502', much);
          assert.equal(await answer(`${before}d${DEEP}`), `${DEEP} `);
          engine.thread.flushLogs();
          if (before !== '' && much.startsWith('d'))
            assert.match(
              engine.logs
                .slice(from)
                .map(({ text }) => text)
                .join('\n'),
              /stack overflow/,
            );
        }
      }
    });

    test('is an error to its caller, which goes on', async () => {
      for (const before of ['', 's1']) assert.match(await answer(`${before}c${before}d${TOO_DEEP}`), /^-?[1-9]\d*:$/);
      assert.equal(await answer(`cd${DEEP}`), `0:${DEEP} `);
    });

    if (caller.rollback !== 'never') {
      test('leaves nothing there for the next request', async () => {
        for (const before of ['', 's1']) {
          assert.equal(await answer(`${before}d${DEEP}`), `${DEEP} `);
          assert.equal(await answer('s1f250000'), '0 ');
          assert.equal(await answer(`${before}d${TOO_DEEP}`), '502');
          assert.equal(await answer('s1f250000'), '0 ');
        }
      });
    }
  });
}

for (const bytes of [1000, 2 * 1024 * 1024, 20 * 1024 * 1024]) {
  test(`what a function allocates at its start, ${bytes} bytes, is there in each request, and its stack is no burden`, async () => {
    const wasm = await compiled(INITIALISED.replaceAll('BYTES', String(bytes)), { stackBytes: STACK_BYTES });
    assert.ok(stackOf(wasm));
    await withEngine(async (engine) => {
      await deploy(engine, { fn: { wasm } });
      for (let round = 0; round < 5; round++) assert.equal((await engine.call('fn', '')).body, 'same');
      const fn = engine.thread.route('fn')?.fn;
      assert.ok(fn instanceof GuestFunction && fn.snapshot);
      if (bytes < INITIAL_HEAP_BYTES) assert.ok(fn.snapshot.byteLength <= bytes + 3 * 65_536 - 1, `${fn.snapshot.byteLength}`);
    });
  });
}

test('what a function asks the engine for at its start need be no whole pages', async () => {
  const source = `
    #include <string.h>
    #include <weft/v1.h>
    __attribute__((import_module("weft"), import_name("grow"))) char *grow(unsigned);
    static char *kept;
    __attribute__((noinline)) static int down(int n) { volatile char here[9]; here[n % 9] = n; return n == 0 ? 0 : down(n - 1) + (here[n % 9] == (char)n); }
    int weft_on_init(void) { kept = grow(100); memset(kept, 'k', 100); return down(10) != 10; }
    int weft_handle(weft_request *request, weft_response *response) { (void)request; return weft_response_write(response, kept + 90, 10); }`;
  const wasm = await compiled(source, { stackBytes: STACK_BYTES });
  assert.ok(stackOf(wasm));
  await withEngine(async (engine) => {
    await deploy(engine, { fn: { wasm } });
    for (let round = 0; round < 3; round++) assert.equal((await engine.call('fn', '')).body, 'kkkkkkkkkk');
  });
});

test('what a function allocates at its start in small pieces never comes to lie in its stack, however much it is', async () => {
  const source = (count: number): string => `
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <weft/v1.h>
    static char *blocks[${count}];
    __attribute__((noinline)) static int down(int n) { volatile char here[500]; memset((char *)here, 7, sizeof here); return n == 0 ? 0 : down(n - 1) + (here[n] == 7); }
    int weft_on_init(void) {
      for (int i = 0; i < ${count}; i++) {
        blocks[i] = malloc(1000);
        if (blocks[i] == NULL) return 1;
        memset(blocks[i], 'k', 1000);
        if (i % 100 == 0) down(100);
      }
      return down(100) != 100;
    }
    int weft_handle(weft_request *request, weft_response *response) {
      (void)request;
      char text[20];
      int whole = 0;
      for (int i = 0; i < ${count}; i++) whole += blocks[i][0] == 'k' && blocks[i][999] == 'k';
      snprintf(text, sizeof text, "%d", whole);
      return weft_response_write(response, text, strlen(text));
    }`;
  for (const count of [14_000, 18_000]) {
    const wasm = await compiled(source(count), { stackBytes: STACK_BYTES });
    await withEngine(async (engine) => {
      await deploy(engine, { fn: { wasm } });
      for (let round = 0; round < 3; round++) assert.equal((await engine.call('fn', '')).body, String(count));
    });
  }
});

test('many frames on top of each other, none of them large, leave it the stack that its author asked for', async () => {
  const step = (k: number): string =>
    `__attribute__((noinline)) static int step${k}(volatile char *above) { volatile char here[3000]; here[0] = above[0]; return ${k === 0 ? '0' : `step${k - 1}(here)`} + here[0]; }`;
  const source = `
    #include <string.h>
    #include <weft/v1.h>
    ${Array.from({ length: 60 }, (_, k) => step(k)).join('\n')}
    __attribute__((noinline)) static int down(int n) { volatile char here[500]; memset((char *)here, 7, sizeof here); return n == 0 ? 0 : down(n - 1) + (here[n] == 7); }
    int weft_handle(weft_request *request, weft_response *response) {
      size_t length;
      const char *input = weft_request_body(request, &length);
      volatile char top[1] = {0};
      const int right = length == 0 ? down(60) == 60 : input[0] == 'm' ? step12(top) == 0 : step59(top) == 0;
      return weft_response_write(response, right ? "right" : "wrong", 5);
    }`;
  const wasm = await compiled(source, { stackBytes: 80 * 1024 });
  assert.equal(stackOf(wasm)?.bytes, 80 * 1024);
  await withEngine(async (engine) => {
    await deploy(engine, { fn: { wasm } });
    for (let round = 0; round < 3; round++) {
      assert.equal((await engine.call('fn', '')).body, 'right');
      assert.equal((await engine.call('fn', 'm')).body, 'right');
      assert.equal((await engine.call('fn', 'all')).status, 502);
    }
  });
});

test('a program that ends by exit() is no longer tried without it, either', async () => {
  const source = `
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    __attribute__((noinline)) static int down(int n) { volatile char here[500]; memset((char *)here, 7, sizeof here); return n == 0 ? 0 : down(n - 1) + (here[n] == 7); }
    int main(void) { printf("%d", down(100)); exit(0); }`;
  const wasm = await compiled(source, { contract: 'stdio', stackBytes: STACK_BYTES });
  await withEngine(async (engine) => {
    await deploy(engine, { fn: { wasm, spec: { contract: 'stdio' } } });
    assert.equal((await engine.call('fn', '')).body, '100');
    const fn = engine.thread.route('fn')?.fn;
    assert.ok(fn instanceof GuestFunction && !fn.directRuns.tried);
  });
});

test('room that is left at the start and never used takes no memory', async () => {
  const wasm = await compiled(SOURCE, { stackBytes: STACK_BYTES });
  const small = { maxContextBytes: 4 * 1024 * 1024 };
  await withEngine(async (engine) => {
    await deploy(engine, { caller: { wasm } });
    assert.equal((await engine.call('caller', `d${DEEP}`)).body, `${DEEP} `);
  }, small);
});

test('with little memory it has as much of a stack as there is room for', async () => {
  const wasm = await compiled(SOURCE, { stackBytes: STACK_BYTES });
  await withEngine(async (engine) => {
    for (const pages of [1, 2, 3]) {
      await deploy(engine, { caller: { wasm, limits: { memoryBytes: pages * 65_536 } } });
      for (const before of ['', 's1']) {
        assert.equal((await engine.call('caller', `${before}d10`)).body, '10 ');
        assert.equal((await engine.call('caller', `${before}d${DEEP}`)).body === `${DEEP} `, pages > 1, `${pages} pages`);
        assert.equal((await engine.call('caller', `${before}d${TOO_DEEP}`)).status, pages > 1 ? 502 : 500, `${pages} pages`);
      }
    }
  });
});
