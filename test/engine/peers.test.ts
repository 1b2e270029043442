/** Calls over to another engine thread when this one is busy: real threads, a real port. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';
import { bundle, settings } from '../admin/bundles.ts';
import { TestPlatform } from '../admin/harness.ts';
import { compiledFile } from './compiled.ts';
import { WORKFLOWS } from './workflows.ts';

/** Keeps the thread busy that runs it, from before the rest of the script until long after. */
const BUSY = 'sk{k}';

const SPINNER_MS = 300;

describe('two engine threads', () => {
  let platform: TestPlatform;
  before(async () => {
    const wasm = await compiledFile('script.c');
    const limits = { ...DEFAULT_LIMITS, callDepth: 6, memoryBytes: 1024 * 1024, requestBytes: 200_000, responseBytes: 100_000 };
    const spinner = { ...limits, deadlineMs: SPINNER_MS };
    platform = await TestPlatform.start({ threads: 2 });
    const fn = (name: string) =>
      [name, { settings: settings(name, { limits: name === 'k' ? spinner : limits }), wasm, files: {} }] as const;
    await platform.platform.deploy(bundle('app', Object.fromEntries(['a', 'b', 'c', 'd', 'k'].map(fn))));
  });
  after(() => platform[Symbol.asyncDispose]());

  const spinnersEnd = () => new Promise((resolve) => setTimeout(resolve, SPINNER_MS + 100));

  /** The thread on which a function logged that; what is logged arrives a little later. */
  async function threadOf(name: string, text: string): Promise<number> {
    for (;;) {
      for await (const record of platform.platform.logs({ app: 'app', name })) if (record.text === text) return record.thread;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  // A function that a crowded machine held up for a slice makes its own thread busy; such a try shows nothing, and is made again.
  const TRIES = 40;

  test('a call goes over when its thread is busy and the other is idle', async () => {
    for (let i = 0; i < TRIES; i++) {
      const { body } = await platform.invoke('a', `lcaller${i};sk{lspinner${i};k}cb{lcallee${i};ex;}`);
      assert.equal(body, '(200 x)');
      const caller = await threadOf('a', `caller${i}`);
      const spinner = await threadOf('k', `spinner${i}`);
      if (spinner === caller) return assert.notEqual(await threadOf('b', `callee${i}`), caller);
      await spinnersEnd();
    }
    assert.fail(`the spinner went over each of ${TRIES} times`);
  });

  test('a call stays when its thread is not busy', async () => {
    for (let i = 0; i < TRIES; i++) {
      await spinnersEnd();
      assert.equal((await platform.invoke('c', `lcaller${i};cd{lcallee${i};ex;}`)).body, '(200 x)');
      if ((await threadOf('c', `caller${i}`)) === (await threadOf('d', `callee${i}`))) return;
    }
    assert.fail(`the call went over each of ${TRIES} times`);
  });

  for (const [name, script] of Object.entries(WORKFLOWS)) {
    test(`${name} is the same on one thread and on two`, async () => {
      const [alone, over] = [await platform.invoke('a', script), await platform.invoke('a', `${BUSY}${script}`)];
      assert.deepEqual({ ...over, body: over.body.replace('!5/0', '') }, { ...alone, body: alone.body.replace('!5/0', '') });
    });
  }
});
