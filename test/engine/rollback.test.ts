/** No byte a request wrote can be read by the next: a secret left everywhere is looked for everywhere. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Rollback } from '../../src/model/app.ts';
import { compiled, compiledFile } from './compiled.ts';
import { TestEngine, type TestFunction } from './harness.ts';

const SECRET = 'q7#Vd0!xKc9$Lw2@Zr5%Tn8&';
const inverted = Buffer.from(SECRET).map((byte) => byte ^ 0xff);
const LOOK = new Uint8Array([...Buffer.from('l'), ...inverted]);
/** Copies in memory, file, environment, errno. */
const NOTHING = '0 0 0 0';

/** Hands its input to `keeper`, and its answer on. */
const FORWARD = `
#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *input = weft_request_body(request, &length);
  weft_result result;
  const int error = weft_call("keeper", input, length, &result);
  return error ? weft_response_write(response, "error", 5) : weft_response_write(response, result.data, result.length);
}`;

let weft: Uint8Array;
let stdio: Uint8Array;
let forward: Uint8Array;
before(async () => {
  weft = await compiledFile('secrets.c');
  stdio = await compiledFile('secrets.c', { contract: 'stdio', flags: ['-DSTDIO'] });
  forward = await compiled(FORWARD);
});

describe('a secret that a request left', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await TestEngine.start();
  });
  after(() => engine.close());

  const keeper = (rollback: Rollback, wasm = weft): TestFunction => ({
    wasm,
    limits: { deadlineMs: 400, memoryBytes: 32 * 1024 * 1024 },
    spec: { rollback, contract: wasm === stdio ? 'stdio' : 'weft' },
  });
  const deploy = async (rollback: Rollback, merge: string[][], wasm?: Uint8Array): Promise<void> => {
    const outcome = await engine.deploy({ keeper: keeper(rollback, wasm), forward: { wasm: forward, spec: { rollback } } }, merge);
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  };

  test('is found by the one who wrote it, so the search works', async () => {
    await deploy('never', []);
    assert.equal((await engine.call('keeper', `w${SECRET}`)).status, 200);
    const [copies, ...elsewhere] = (await engine.call('keeper', LOOK)).body.split(' ').map(Number);
    assert.ok((copies ?? 0) > 8000, `${copies} copies`);
    assert.deepEqual(elsewhere, [1, 1, 77]);
  });

  for (const rollback of ['request', 'call'] as const) {
    for (const [how, letter] of Object.entries({
      'returned from': 'w',
      'grown far in': 'W',
      'trapped in': 't',
      'spun in to its deadline': 'k',
    })) {
      test(`is not there for the next after it was ${how}, with rollback: ${rollback}`, async () => {
        await deploy(rollback, []);
        for (let round = 0; round < 2; round++) {
          await engine.call('keeper', `${letter}${SECRET}`);
          assert.equal((await engine.call('keeper', LOOK)).body, NOTHING);
        }
      });

      test(`is not in a callee that it was ${how}, with rollback: ${rollback}`, async () => {
        for (const merge of [[['keeper', 'forward']], []]) {
          await deploy(rollback, merge);
          await engine.call('forward', `${letter}${SECRET}`);
          assert.equal((await engine.call('forward', LOOK)).body, NOTHING);
          assert.equal((await engine.call('keeper', LOOK)).body, NOTHING);
        }
      });
    }
  }

  test('is not in a program with main, its streams and files', async () => {
    await deploy('request', [], stdio);
    for (const letter of ['w', 'W', 't', 'k']) {
      await engine.call('keeper', `${letter}${SECRET}`);
      const { status, body } = await engine.call('keeper', LOOK);
      assert.deepEqual([status, body], [200, NOTHING], letter);
    }
  });

  test('is not in requests that run while others with it wait', async () => {
    await deploy('request', [['keeper', 'forward']]);
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, i) => engine.call(i % 2 ? 'forward' : 'keeper', i % 4 < 2 ? LOOK : `w${SECRET}`)),
    );
    replies.forEach(({ body }, i) => assert.equal(body, i % 4 < 2 ? NOTHING : ''));
  });
});
