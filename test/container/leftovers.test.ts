import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { suite } from 'node:test';
import { Worker } from 'node:worker_threads';
import { testsWithEngine } from './engine.ts';
import { foldersOf, TestDriver } from './harness.ts';

const HOLDER = join(import.meta.dirname, 'holder.ts');
const { engine, test } = await testsWithEngine();

suite('what a platform left that was killed', () => {
  const holder = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [HOLDER, JSON.stringify(engine.env)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return child;
  };
  const kill = async (child: ChildProcess): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const ids = async (): Promise<string[]> => (await engine.containers()).map(({ Id }) => Id).toSorted();

  test('is removed by the next one, and nothing of those that live', async () => {
    const living = await holder();
    const its = await ids();
    const dead = await holder();
    assert.deepEqual([its.length, (await ids()).length], [2, 4]);
    assert.ok((await foldersOf(dead.pid)).length > 0);
    await kill(dead);
    assert.equal((await ids()).length, 4);
    {
      await using driver = new TestDriver(engine.env);
      await driver.open('http', {});
      assert.deepEqual(await ids(), its);
      assert.deepEqual(await foldersOf(dead.pid), []);
      assert.ok((await foldersOf(living.pid)).length > 0);
    }
    await kill(living);
    await using driver = new TestDriver(engine.env);
    await driver.open('http', {});
    assert.deepEqual(await ids(), []);
  });

  test('and what an engine thread of this very process left, but not what the others have', async () => {
    const threads = await Promise.all(
      [1, 2].map(async () => {
        const thread = new Worker(HOLDER, { argv: [JSON.stringify(engine.env)] });
        await once(thread, 'message');
        return thread;
      }),
    );
    assert.equal((await ids()).length, 4);
    await threads[0]?.terminate();
    {
      await using driver = new TestDriver(engine.env);
      await driver.open('http', {});
      assert.equal((await ids()).length, 2);
    }
    await threads[1]?.terminate();
    await using driver = new TestDriver(engine.env);
    await driver.open('http', {});
    assert.deepEqual([await ids(), await foldersOf(process.pid)], [[], []]);
  });
});
