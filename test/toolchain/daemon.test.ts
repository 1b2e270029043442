/** The daemon that builds run in: killed, cancelled, left alone by its parent. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from '../../src/toolchain/daemon/client.ts';
import type { LlvmResult } from '../../src/toolchain/daemon/messages.ts';
import { answerOf, builderOf, CACHE, CHOICES, Folder, fn, sources, unique } from './workshop.ts';

const MAIN = '#include <stdio.h>\nint main(void) { puts("built"); }\n';
/** Takes minutes: a template that is instantiated again and again. */
const ENDLESS =
  'template <int N, int M> struct F { static constexpr int v = (F<N - 1, M>::v + F<N - 1, M + (1 << N)>::v) % 7; };\ntemplate <int M> struct F<0, M> { static constexpr int v = M % 3; };\nint main() { return F<25, 0>::v; }\n';

const never = new AbortController().signal;
const version = (daemon: Daemon): Promise<LlvmResult> => daemon.llvm(['clang', '--version'], [], [], never);

describe('the daemon', () => {
  test('tasks under way when it is killed are done by the next one', async () => {
    const daemon = new Daemon();
    try {
      await version(daemon);
      const { pid } = daemon;
      assert.ok(pid !== undefined);
      const running = version(daemon);
      process.kill(pid, 'SIGKILL');
      const { ok, stdout } = await running;
      assert.deepEqual([ok, /clang version/.test(stdout)], [true, true]);
      assert.notEqual(daemon.pid, pid);
    } finally {
      daemon.close();
    }
  });

  test('a cancelled task ends at once, one that waits as well, and others go on', async () => {
    const daemon = new Daemon();
    try {
      const controller = new AbortController();
      const files = [['endless.cpp', Buffer.from(ENDLESS)]] as const;
      const args = ['clang', '-cc1', '-emit-obj', '-fconstexpr-depth=1000', 'endless.cpp', '-o', 'out.o'];
      const endless = Array.from({ length: 8 }, () => daemon.llvm(args, files, [], controller.signal));
      const outcomes = Promise.allSettled(endless);
      controller.abort(new Error('enough'));
      for (const outcome of await outcomes) assert.equal(outcome.status === 'rejected' && String(outcome.reason), 'Error: enough');
      assert.equal((await version(daemon)).ok, true);
    } finally {
      daemon.close();
    }
  });

  test('once closed it takes nothing and leaves no process', async () => {
    const daemon = new Daemon();
    await version(daemon);
    const { pid = 0 } = daemon;
    daemon.close();
    await gone(pid);
    await assert.rejects(version(daemon), { code: 'WEFT_COMPILER_DIED' });
  });

  test('it ends when its parent is killed in the middle of a compilation', async () => {
    const module = new URL('../../src/toolchain/daemon/client.ts', import.meta.url).href;
    const script = `
      import { Daemon } from ${JSON.stringify(module)};
      const daemon = new Daemon();
      const { signal } = new AbortController();
      await daemon.llvm(['clang', '--version'], [], [], signal);
      void daemon.llvm(['clang', '-cc1', '-emit-obj', 'e.cpp', '-o', 'o'], [['e.cpp', Buffer.from(${JSON.stringify(ENDLESS)})]], [], signal);
      setTimeout(() => console.log(daemon.pid), 200);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    parent.kill('SIGKILL');
    await gone(Number(said.toString()));
  });
});

for (const toolchain of CHOICES) {
  describe(`an aborted build, ${toolchain} toolchain`, async () => {
    const builder = await builderOf(toolchain, new Daemon());
    after(() => builder?.close());
    if (!builder) return test('the system has a clang', { skip: 'there is no clang with wasm-ld on this machine' });

    test('rejects with the reason, and the next build is a good one', async () => {
      using folder = new Folder();
      const endless = folder.write('endless.cpp', unique() + ENDLESS);
      const controller = new AbortController();
      const build = builder.build(fn(sources([endless])), {
        signal: controller.signal,
        onProgress: () => controller.abort(new Error('saved again')),
      });
      await assert.rejects(build, /saved again/);
      const main = folder.write('main.c', unique() + MAIN);
      assert.equal(await answerOf(await builder.build(fn(sources([main])))), 'built\n');
    });

    test('many at once are all right, and leave nothing unfinished', { timeout: 60_000 }, async () => {
      using folder = new Folder();
      const text = unique() + MAIN;
      const mains = Array.from({ length: 6 }, (_, at) => folder.write(`${at % 3}/main.c`, text));
      const built = await Promise.all(mains.map((main) => builder.build(fn(sources([main])))));
      for (const artifact of built.slice(0, 3)) assert.equal(await answerOf(artifact), 'built\n');
      assert.deepEqual(
        built.slice(3).map(({ key }) => key),
        built.slice(0, 3).map(({ key }) => key),
      );
      // Other files of tests may be writing to the same cache just now.
      const unfinished = (): string[] => readdirSync(`${CACHE}/v1/unfinished`);
      const left = unfinished();
      while (unfinished().some((name) => left.includes(name))) await sleep(10);
    });
  });
}

/** Waits until there is no such process, or only what its parent has not asked after yet. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
      if (/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return;
    } catch {
      return;
    }
    await sleep(10);
  }
}
