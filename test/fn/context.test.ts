/** The kit for Fn in a WebAssembly context: the very sources that native.test.ts runs as programs. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { TestEngine } from '../engine/harness.ts';
import { compiled } from '../engine/compiled.ts';
import { builderOf, CHOICES, fn, sources } from '../toolchain/workshop.ts';
import { Asking } from './asking.ts';
import { FUNCTIONS } from './native.ts';

for (const toolchain of CHOICES) {
  const builder = await builderOf(toolchain);
  const skip = builder ? false : 'no clang of the system here';
  describe(`the kit in a context, by the ${toolchain} toolchain`, { skip }, () => {
    let engine: TestEngine;
    before(async () => {
      assert.ok(builder);
      const build = async (name: string) => {
        const { wasm } = await builder.build(fn(sources([join(FUNCTIONS, name)]), 'fn'));
        return { wasm, spec: { contract: 'fn', env: { GREETING: 'hej' } } } as const;
      };
      engine = await TestEngine.start();
      const caller = {
        wasm: await compiled(`#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  void *body = weft_request_body(request, &length);
  weft_result result;
  const int error = weft_call("many", body, length, &result);
  if (error != 0) return error;
  return weft_response_body(response, result.data, result.length);
}`),
      };
      assert.equal((await engine.deploy({ many: await build('many.c'), upper: await build('upper.cpp'), caller }))?.type, 'deployed');
    });
    after(async () => {
      await engine.close();
      await builder?.close();
    });

    const ask = async (lines: readonly string[] = [], body: Uint8Array | string = '', name = 'many') => {
      const route = engine.thread.route(name);
      assert.ok(route);
      const exchange = new Asking({ name, method: 'PUT', lines, body });
      engine.thread.dispatch(route, exchange);
      return await exchange.reply;
    };

    test("a client's request is its method, its URL and its own headers; what the platform says cannot be forged", async () => {
      const { status, head, body } = await ask(['X-Do: describe', 'Accept: */*', 'Content-Type: a/b', 'Fn-Call-Id: forged']);
      assert.equal(status, 200);
      const told = /^id=(.*)\ndeadline=(.*)\nms=(.*)\n([^]*)$/.exec(body);
      const [, id, deadline, ms, rest] = told ?? [];
      assert.match(id ?? '', /^[-0-9a-f]{36}$/);
      assert.match(head, new RegExp(`^Fn-Call-Id: ${id}\r\n$`, 'm'));
      assert.equal(Date.parse(deadline ?? ''), Number(ms));
      const later = Number(ms) - Date.now();
      assert.ok(later > 0 && later <= 30_000, `${later}`);
      assert.equal(
        rest,
        'intent=httprequest\nmethod=PUT\nurl=http://h:1/function/many/a?b=c\ntype=a/b\nconfig=hej\nmemory=64\nfunction=many\nX-Do=describe\nAccept=*/*\nContent-Type=a/b\nFn-Call-Id=forged\n',
      );
    });

    test('its answer has status, type and headers', async () => {
      const { status, head, body } = await ask(['X-Do: answer']);
      assert.deepEqual([status, body], [418, 'short and stout']);
      assert.match(head, /^X-Made: one\r\nX-Made: two\r\nContent-Type: text\/x-tea\r\nFn-Call-Id: /);
    });

    test('a failure is what it is on Fn, and what is illegal is refused where it is done', async () => {
      const { status, body } = await ask(['X-Do: fail']);
      assert.deepEqual([status, body], [502, '{"message":"function failed"}\n']);
      assert.equal((await ask(['X-Do: illegal'])).body, 'refused');
      assert.equal((await ask(['X-Do: bodies'])).body, 'abcdef');
    });

    test('a crash is told as what it is', async () => {
      const { status, body } = await ask(['X-Do: crash']);
      assert.equal(status, 502);
      assert.match(body, /WEFT_FUNCTION_TRAPPED/);
      assert.equal((await ask([], 'on')).body, 'on');
    });

    test('each request begins with what fn_init left', async () => {
      for (let i = 0; i < 3; i += 1) assert.equal((await ask(['X-Do: count'])).body, 'started 1, call 1');
    });

    test('bodies of any bytes and sizes come back as they are', async () => {
      const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      for (const body of [Buffer.alloc(0), every, Buffer.alloc(10 * 1024 * 1024, every)]) {
        const { status, bytes } = await ask([], body);
        assert.equal(status, 200);
        assert.ok(Buffer.from(bytes).equals(body));
      }
    });

    test('a call from another function of the app is an invocation', async () => {
      assert.equal((await ask([], 'from caller', 'caller')).body, 'from caller');
    });

    test('the C++ kit has the request, answers, and fails by exceptions', async () => {
      const { status, head, body } = await ask(['X-A: b', 'X-C: d'], 'abc', 'upper');
      assert.deepEqual([status, body], [201, 'hello ABC']);
      assert.match(head, /X-Headers: 2\r\n/);
      engine.takeLogs();
      assert.equal((await ask(['X-Throw: noon'], '', 'upper')).status, 502);
      assert.ok(engine.takeLogs().some(({ text }) => text.includes('uncaught C++ exception: thrown at noon')));
    });

    test('an initialiser that refuses refuses the deploy', async () => {
      assert.ok(builder);
      const { wasm } = await builder.build(fn(sources([join(FUNCTIONS, 'many.c')]), 'fn'));
      const refused = await engine.deploy({ no: { wasm, spec: { contract: 'fn', env: { REFUSE: '1' } } } }, [], 'other');
      assert.equal(refused?.type === 'refused' && refused.error.code, 'WEFT_INIT_FAILED');
    });
  });
}
