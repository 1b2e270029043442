/** Functions that do not give the thread back: they end at their deadline, whatever they try, and nobody else is lost. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { compiled, compiledFile } from './compiled.ts';
import { type Reply, TestEngine } from './harness.ts';

const ECHO = `
#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *input = weft_request_body(request, &length);
  return weft_response_write(response, input, length);
}`;
const SPIN_IN_INIT = `
#include <weft/v1.h>
int weft_on_init(void) { for (volatile int yes = 1; yes;) {} return 0; }
int weft_handle(weft_request *request, weft_response *response) { (void)request; return weft_response_write(response, "", 0); }`;

const code = ({ body }: Reply): unknown => (JSON.parse(body) as { error: { code: string } }).error.code;

const WAYS: Readonly<Record<string, string>> = {
  spins: 's',
  'spins in a destructor, while an exception unwinds': 'd',
  'spins in catch (...) and in destructors, again and again': 'c',
  'throws and catches for ever': 't',
  'waits for ever, bit by bit, in a try': 'w',
  'calls another function for ever': 'f',
  'logs for ever': 'l',
  'recurs without a loop, for ever': 'm',
};

describe('a function that does not give the thread back', () => {
  let engine: TestEngine;
  let spins: Uint8Array;
  let script: Uint8Array;
  let echo: Uint8Array;
  before(async () => {
    engine = await TestEngine.start();
    spins = await compiledFile('spins.cpp');
    script = await compiledFile('script.c');
    echo = await compiled(ECHO);
  });
  after(() => engine.close());

  for (const merge of [[], [['spins', 'echo', 'a', 'b']]]) {
    const how = merge.length > 0 ? 'merged' : 'alone';
    const deploy = async (deadlines: Readonly<Record<string, number>> = {}): Promise<void> => {
      const limits = (name: string): { deadlineMs: number } => ({ deadlineMs: deadlines[name] ?? 20_000 });
      const outcome = await engine.deploy(
        {
          spins: { wasm: spins, limits: limits('spins') },
          echo: { wasm: echo, limits: limits('echo') },
          a: { wasm: script, limits: limits('a') },
          b: { wasm: script, limits: limits('b') },
        },
        merge,
      );
      assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    };

    for (const [way, letter] of Object.entries(WAYS)) {
      test(`ends with 504 when it ${way}, ${how}, and others are answered meanwhile`, async () => {
        await deploy({ spins: 150 });
        const spinning = engine.call('spins', letter);
        let answered = 0;
        let over = false;
        void spinning.then(() => {
          over = true;
        });
        while (!over) {
          const reply = await engine.call('echo', 'x');
          assert.deepEqual([reply.status, reply.body], [200, 'x']);
          if (!over) answered++;
          await new Promise((resolve) => setImmediate(resolve));
        }
        const reply = await spinning;
        assert.deepEqual([reply.status, code(reply)], [504, 'WEFT_DEADLINE']);
        assert.ok(answered > 0);
      });
    }

    test(`ends by itself when it recurs until its stack is full, ${how}`, async () => {
      await deploy();
      const reply = await engine.call('spins', 'r');
      assert.deepEqual([reply.status, code(reply)], [502, 'WEFT_FUNCTION_TRAPPED']);
    });

    test(`is an error to its caller, which goes on, ${how}`, async () => {
      await deploy({ b: 60 });
      assert.equal((await engine.call('a', 'e1;cb{k}e2;')).body, '1!5/02');
      assert.equal((await engine.call('a', 'e1;ca{cb{k}e2;}e3;')).body, '1(200 !5/02)3');
      assert.equal((await engine.call('a', 'sb{k}sb{e1;}w')).body, '!5/0(200 1)');
    });

    test(`several of them share the thread, and a wait in between ends in time, ${how}`, async () => {
      await deploy({ spins: 250 });
      const spinning = ['s', 'c', 't', 'w'].map((letter) => engine.call('spins', letter));
      assert.equal((await engine.call('a', 'z1;cb{z1;ex;}z1;')).body, '(200 x)');
      for (const reply of await Promise.all(spinning)) assert.equal(reply.status, 504);
    });
  }

  test('in its init hook is refused, and the version before goes on', async () => {
    await engine.deploy({ f: { wasm: echo } });
    const deploying = engine.deploy({ f: { wasm: await compiled(SPIN_IN_INIT), limits: { deadlineMs: 100 } } });
    assert.equal((await engine.call('f', 'meanwhile')).body, 'meanwhile');
    const outcome = await deploying;
    assert.equal(outcome?.type === 'refused' && outcome.error.code, 'WEFT_INIT_FAILED');
    assert.equal((await engine.call('f', 'still')).body, 'still');
  });
});
