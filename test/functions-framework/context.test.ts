/** Functions of Google's functions-framework in WebAssembly contexts. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createBuilder } from '../../src/toolchain/index.ts';
import { CACHE } from '../toolchain/workshop.ts';
import { behaves } from './behaviour.ts';
import { inContext } from './hosted.ts';

const builder = await createBuilder({ cacheDir: CACHE, toolchain: 'auto' });
after(() => builder.close());

behaves((program) => inContext(builder, program));

describe('in a context', () => {
  test('a function that exits or traps fails, and the next request is answered', async () => {
    const hosted = await inContext(builder, { source: 'mirror.cpp', entry: 'Mirror' });
    try {
      assert.equal((await hosted.send({ target: '/exit' })).status, 500);
      assert.ok((await hosted.printed()).includes('it called exit(3)'));
      assert.equal((await hosted.send({ target: '/trap' })).status, 502);
      assert.equal((await hosted.send({ target: '/after' })).status, 200);
    } finally {
      await hosted.close();
    }
  });

  test('a main that serves nothing does not start', async () => {
    await assert.rejects(inContext(builder, { source: 'styles/idle.cpp' }), /main returned 0 instead of serving a function by Run\(\)/);
  });
});
