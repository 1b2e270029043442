/**
 * Random bytes, mutated modules and modules that lie, as `.wasm`: through the rewriter and a deploy. Always an error of the catalogue or
 * a function that answers; never anything else. Runs for some seconds, or for WEFT_FUZZ_SECONDS; WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { ERRORS, WeftError } from '../../src/model/errors.ts';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { TestEngine } from '../engine/harness.ts';
import { toolchains } from '../sdk/build.ts';
import { mutations } from './mutations.ts';
import { seeds } from './seeds.ts';

const SECONDS = Number(process.env['WEFT_FUZZ_SECONDS'] ?? 4);
const SEED = Number(process.env['WEFT_FUZZ_SEED'] ?? Date.now() & 0x7fff_ffff);
const LIMITS = { deadlineMs: 150, memoryBytes: 4 * 1024 * 1024, responseBytes: 1024 * 1024 };

describe(`fuzzed modules, seed ${SEED}`, () => {
  let engine: TestEngine;
  const modules: Uint8Array[] = [];
  before(async () => {
    engine = await TestEngine.start();
    const linked = await toolchains()
      .at(-1)
      ?.build({ contract: 'weft', sources: { 'f.c': SMALL } });
    assert.ok(linked);
    modules.push(...seeds().map(({ bytes }) => bytes), linked);
    await engine.deploy({ witness: { wasm: await instrumented(linked) } }, [], 'witness');
  });
  after(() => engine.close());

  test('are refused by the catalogue or rewritten into valid modules', async () => {
    await runs(fc.oneof(fc.uint8Array({ maxLength: 400 }), withMagic, mutations(modules)), async (bytes) => {
      const wasm = await accepted(bytes);
      if (wasm) assert.ok(WebAssembly.validate(wasm), 'what the rewriter writes is valid');
    });
  });

  for (const { name, bytes } of seeds()) {
    test(`${name}: refused with a reason, or it answers`, async () => {
      const wasm = await accepted(bytes);
      if (wasm) await deployAndCall(wasm);
    });
  }

  test('are refused at deploy or answer with something', async () => {
    await runs(mutations(modules), async (bytes) => {
      const wasm = await accepted(bytes);
      if (wasm) await deployAndCall(wasm);
    });
  });

  /** Alone and merged, by both contracts that take modules from elsewhere. */
  async function deployAndCall(wasm: Uint8Array): Promise<void> {
    for (const [contract, merge] of [
      ['weft', []],
      ['stdio', []],
      ['weft', [['fuzzed', 'other']]],
    ] as const) {
      const fn = { wasm, limits: LIMITS, spec: { contract } };
      const outcome = await engine.deploy(
        { fuzzed: fn, other: fn },
        merge.map((group) => [...group]),
      );
      if (outcome?.type === 'refused') {
        const { code } = outcome.error;
        assert.ok(code in ERRORS && code !== 'WEFT_INTERNAL' && code !== 'WEFT_EXHAUSTED', JSON.stringify(outcome.error));
        continue;
      }
      assert.equal(outcome?.type, 'deployed');
      for (const input of ['', 'some input', 'x'.repeat(10_000)]) {
        const { status, body } = await engine.call('fuzzed', input);
        assert.ok(Number.isInteger(status));
        assert.ok(!body.includes('WEFT_INTERNAL'), body);
      }
    }
    assert.equal((await engine.call('witness', 'still here')).body, 'still here');
  }

  async function accepted(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await instrumented(bytes);
    } catch (cause) {
      assert.ok(cause instanceof WeftError, `${String(cause)}`);
      assert.match(cause.code, /^WEFT_MODULE_(INVALID|UNSUPPORTED)$/);
      return undefined;
    }
  }
});

const SMALL = `
#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *input = weft_request_body(request, &length);
  return weft_response_write(response, input, length);
}`;

const withMagic = fc.uint8Array({ maxLength: 400 }).map((rest) => new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...rest]));
const instrumented = (bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> => instrument(new Uint8Array(bytes), { optimize: false });

async function runs(bytes: fc.Arbitrary<Uint8Array>, check: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(bytes, check), {
    seed: SEED,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: SECONDS * 1000,
    markInterruptAsFailure: false,
  });
}
