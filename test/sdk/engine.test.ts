/** The guest runtime in the real engine: the example apps as they call each other, in one merge group and apart. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { TestEngine, type TestFunction } from '../engine/harness.ts';
import { type ContractName, FLAGS, SDK, type Toolchain, toolchains } from './build.ts';

const EXAMPLES = join(SDK, '../examples');
const read = (path: string): string => readFileSync(join(EXAMPLES, path), 'utf8');

type Sources = Readonly<Record<string, string>>;

async function built(toolchain: Toolchain, contract: ContractName, sources: Sources, flags: readonly string[] = []): Promise<TestFunction> {
  const wasm = await instrument(await toolchain.build({ contract, sources, flags }), { optimize: false });
  return { wasm, spec: { contract, ...(contract === 'nightcore' ? { rollback: 'never' } : {}) } };
}

async function examples(toolchain: Toolchain): Promise<Record<string, TestFunction>> {
  const lines = { 'lines.c': read('workflow/lines.c'), 'lines.h': read('workflow/lines.h') };
  const weft = (sources: Sources): Promise<TestFunction> => built(toolchain, 'weft', sources, FLAGS);
  return {
    ranking: await weft({ 'ranking.c': read('workflow/ranking.c') }),
    sort: await weft({ 'sort.c': read('workflow/sort.c'), ...lines }),
    merge: await weft({ 'merge.c': read('workflow/merge.c'), ...lines }),
    echo: await weft({ 'echo.c': read('echo/echo.c') }),
    Foo: await built(toolchain, 'nightcore', { 'foo.c': read('nightcore/foo.c') }),
    Bar: await built(toolchain, 'nightcore', { 'bar.c': read('nightcore/bar.c') }),
  };
}

const MERGES: Readonly<Record<string, string[][]>> = {
  merged: [
    ['ranking', 'sort', 'merge'],
    ['Foo', 'Bar'],
  ],
  apart: [],
};

for (const toolchain of toolchains()) {
  for (const [how, merge] of Object.entries(MERGES)) {
    describe(`examples in the engine, ${how}, ${toolchain.name} toolchain`, () => {
      let engine: TestEngine;
      before(async () => {
        engine = await TestEngine.start();
        const outcome = await engine.deploy(await examples(toolchain), merge);
        assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
      });
      after(() => engine.close());

      test('the workflow sorts by calling itself in parallel', async () => {
        const words = Array.from({ length: 100 }, (_, i) => `word-${((i * 37) % 100).toString().padStart(2, '0')}`);
        const expected = words.toSorted().map((word, i) => `${i + 1}. ${word}\n`);
        for (let round = 0; round < 3; round++) {
          const { status, body } = await engine.call('ranking', words.join('\n'));
          assert.deepEqual([status, body], [200, expected.join('')]);
        }
      });

      test("nightcore's Foo calls Bar", async () => {
        for (let round = 0; round < 3; round++) {
          const { status, body } = await engine.call('Foo', 'Hello');
          assert.deepEqual([status, body], [200, 'From function Bar: Hello, World\n']);
        }
      });

      test('large bodies go through functions whole', async () => {
        const large = Array.from({ length: 3000 }, (_, i) => `line ${(i * 7919) % 3000}`).join('\n');
        const { body } = await engine.call('ranking', large);
        assert.equal(
          body,
          large
            .split('\n')
            .toSorted()
            .map((line, i) => `${i + 1}. ${line}\n`)
            .join(''),
        );
        const { bytes } = await engine.call('echo', new Uint8Array(1_000_000).fill(7));
        assert.equal(Buffer.compare(bytes, new Uint8Array(1_000_000).fill(7)), 0);
      });
    });
  }

  describe(`contract weft in the engine, ${toolchain.name} toolchain`, () => {
    let engine: TestEngine;
    const source = (body: string, rest = ''): Record<string, string> => ({
      'f.c': `#include <weft/v1.h>\n#include <stdlib.h>\n#include <string.h>\n${rest}\nint weft_handle(weft_request *request, weft_response *response) { (void)request; ${body} }`,
    });
    before(async () => {
      engine = await TestEngine.start();
      const functions: Record<string, TestFunction> = {
        streamer: await built(
          toolchain,
          'weft',
          source(
            'weft_response_status(response, 203); for (int i = 0; i < 3; i++) { weft_response_send(response, "tick ", 5); weft_sleep_ms(1); } return weft_response_write(response, "end", 3);',
          ),
        ),
        gatherer: await built(
          toolchain,
          'weft',
          source(
            'weft_result r; int e = weft_call("streamer", "", 0, &r); return e ? e : weft_response_write(response, r.data, r.length);',
          ),
        ),
        caller: await built(
          toolchain,
          'weft',
          source(
            'weft_result r; size_t n; const char *name = weft_request_body(request, &n); char text[32] = {0}; memcpy(text, name, n); int e = weft_call(text, "", 0, &r); return weft_response_write(response, weft_error_text(e), strlen(weft_error_text(e)));',
          ),
        ),
        failing: await built(toolchain, 'weft', source('return 1;')),
        trapping: await built(toolchain, 'weft', source('abort(); return weft_response_write(response, "", 0);')),
        counter: await built(
          toolchain,
          'weft',
          source(
            "static int calls; calls++; char line[2] = {(char)('0' + calls), (char)('0' + inits)}; return weft_response_write(response, line, 2);",
            'static int inits; int weft_on_init(void) { inits++; return weft_find("counter") < 0; }',
          ),
        ),
      };
      const outcome = await engine.deploy(functions, [['caller', 'failing', 'trapping']]);
      assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    });
    after(() => engine.close());

    test('an answer is streamed with its status, to the end', async () => {
      const { status, body } = await engine.call('streamer');
      assert.deepEqual([status, body], [203, 'tick tick tick end']);
      assert.equal((await engine.call('gatherer')).body, 'tick tick tick end');
    });

    test('a callee that fails or traps is an error to its caller, by name', async () => {
      assert.equal((await engine.call('caller', 'failing')).body, 'the function called failed');
      assert.equal((await engine.call('caller', 'trapping')).body, 'the function called trapped');
      assert.equal((await engine.call('caller', 'nothing')).body, 'not found');
    });

    test('the init hook runs once and its memory is what each request starts from', async () => {
      for (let i = 0; i < 3; i++) assert.equal((await engine.call('counter')).body, '11');
    });
  });
}
