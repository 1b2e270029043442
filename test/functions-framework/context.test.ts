/** Functions of Google's functions-framework in WebAssembly contexts. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadApp } from '../../src/manifest/index.ts';
import { TestEngine } from '../engine/harness.ts';
import { autoBuilder, builderOf, CHOICES } from '../toolchain/workshop.ts';
import { behaves } from './behaviour.ts';
import { inContext } from './hosted.ts';

const builder = await autoBuilder();
after(() => builder.close());

behaves((program) => inContext(builder, program));

describe('in a context', () => {
  for (const toolchain of CHOICES) {
    test(`a function that exits or traps fails, and the next request is answered, ${toolchain} toolchain`, async (t) => {
      const chosen = await builderOf(toolchain);
      if (!chosen) return t.skip('there is no clang on this machine that links for WebAssembly');
      t.after(() => chosen.close());
      const hosted = await inContext(chosen, { source: 'mirror.cpp', entry: 'Mirror' });
      try {
        assert.equal((await hosted.send({ target: '/exit' })).status, 500);
        assert.ok((await hosted.printed()).includes('it called exit(3)'));
        assert.equal((await hosted.send({ target: '/trap' })).status, 502);
        assert.equal((await hosted.send({ target: '/after' })).status, 200);
      } finally {
        await hosted.close();
      }
    });
  }

  test('the example app answers, and logs its events', async () => {
    const { functions } = await loadApp(join(import.meta.dirname, '../../examples/gcf'));
    const engine = await TestEngine.start();
    try {
      const built = functions.map(async (fn) => {
        const { build: _build, files: _files, ...spec } = fn;
        return [fn.name, { wasm: (await builder.build(fn)).wasm, spec }] as const;
      });
      await engine.deploy(Object.fromEntries(await Promise.all(built)));
      assert.equal((await engine.call('gcf-hello', 'Ada')).body, 'Hello, Ada!\n');
      assert.equal((await engine.call('gcf-stored', '{"id":"1","source":"//bucket","type":"stored","subject":"a.png"}')).status, 200);
      engine.thread.flushLogs();
      assert.deepEqual(
        engine.logs.map(({ text }) => text),
        ['stored: a.png of //bucket'],
      );
    } finally {
      await engine.close();
    }
  });

  test('a main that serves nothing does not start', async () => {
    await assert.rejects(inContext(builder, { source: 'styles/idle.cpp' }), /main returned 0 instead of serving a function by Run\(\)/);
  });
});
