/** What becomes of a function whose exception nobody catches, and of those that it has to do with. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Builder } from '../../src/toolchain/index.ts';
import { TestEngine } from '../engine/harness.ts';
import { builderOf, CHOICES } from '../toolchain/workshop.ts';
import { built } from './functions.ts';

const NO_CLANG = 'there is no clang on this machine that links for WebAssembly';

for (const toolchain of CHOICES) {
  describe(`failures in C++, ${toolchain} toolchain`, () => {
    let builder: Builder | undefined;
    let engine: TestEngine;

    before(async () => {
      builder = await builderOf(toolchain);
      engine = await TestEngine.start();
      if (!builder) return;
      const wasm = await built(builder, { file: 'failures.cpp', contract: 'weft' });
      const limits = { deadlineMs: 300 };
      const outcome = await engine.deploy({ fn: { wasm, limits }, callee: { wasm }, caller: { wasm }, roomy: { wasm } }, [
        ['callee', 'caller'],
      ]);
      assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    });
    after(async () => {
      await engine.close();
      await builder?.close();
    });

    /** Records come in batches, soon; that one never comes is the test's time-out. */
    const logged = async (from: number, text: RegExp): Promise<void> => {
      while (!engine.logs.slice(from).some((record) => text.test(record.text))) await setTimeout(5);
    };

    const FAILURES: readonly (readonly [way: string, status: number, log: RegExp])[] = [
      ['throw', 500, /uncaught C\+\+ exception: the reason/],
      ['throw int', 500, /uncaught C\+\+ exception: of a type that is not a std::exception/],
      ['noexcept', 502, /std::terminate was called with an exception of type St11logic_error: out of a noexcept function/],
      ['while unwinding', 502, /std::terminate was called with an exception of type St13runtime_error: from a destructor/],
      ['rethrow nothing', 502, /std::terminate was called/],
      ['terminate', 502, /std::terminate was called/],
      ['trap in try', 502, /unreachable/],
      ['overflow in try', 502, /trapped/],
      ['spin in try', 504, /did not answer within 300 ms/],
    ];
    for (const [way, status, log] of FAILURES) {
      test(`${way}: ends with ${status} and the reason in the log; the next request is served`, async (context) => {
        if (!builder) return context.skip(NO_CLANG);
        const from = engine.logs.length;
        const reply = await engine.call('fn', way);
        assert.equal(reply.status, status, reply.body);
        assert.equal((await engine.call('fn', 'nothing')).body, 'fine');
        await logged(from, log);
      });
    }

    test('memory that is exhausted throws std::bad_alloc, time and again', async (context) => {
      if (!builder) return context.skip(NO_CLANG);
      for (let round = 0; round < 2; round++) assert.equal((await engine.call('roomy', 'exhaust')).body, 'caught, and memory given back');
    });

    test('exceptions that were caught leave no memory behind', async (context) => {
      if (!builder) return context.skip(NO_CLANG);
      assert.equal((await engine.call('roomy', 'many throws')).body, '20000');
    });

    test("a callee's exception is an error of the call, merged or apart", async (context) => {
      if (!builder) return context.skip(NO_CLANG);
      for (const name of ['caller', 'roomy']) {
        assert.equal((await engine.call(name, 'call')).body, 'caller goes on: the function called failed');
      }
    });

    test('a global object that cannot be made refuses the deploy, with the reason in the log', async (context) => {
      if (!builder) return context.skip(NO_CLANG);
      const wasm = await built(builder, { file: 'constructor.cpp' });
      const outcome = await engine.deploy({ global: { wasm, spec: { contract: 'stdio' } } }, [], 'other');
      assert.equal(outcome?.type, 'refused');
      await logged(0, /uncaught C\+\+ exception: no configuration/);
    });
  });
}
