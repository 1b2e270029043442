/** What is built once is not built again, and what changed is: content decides, not times. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Store } from '../../src/toolchain/store.ts';
import { answerOf, builderOf, CACHE, CHOICES, Folder, fn, sources, unique } from './workshop.ts';

const PRINT = '#include <stdio.h>\n';

for (const toolchain of CHOICES) {
  describe(`cache, ${toolchain} toolchain`, async () => {
    const builder = await builderOf(toolchain);
    after(() => builder?.close());
    if (!builder) return test('the system has a clang', { skip: 'there is no clang with wasm-ld on this machine' });

    test('an unchanged function is not compiled, whatever the times of its files say; nor by another builder', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', `${unique()}${PRINT}#include "n.h"\nint main(void) { printf("%d", N); }`);
      const header = folder.write('n.h', '#define N 1\n');
      const first = await builder.build(fn(sources([main])));
      const steps: string[] = [];
      utimesSync(main, 1, 1);
      utimesSync(header, new Date(), new Date());
      const other = await builderOf(toolchain);
      for (const one of [builder, other]) {
        const again = await one?.build(fn(sources([main])), { onProgress: (step) => steps.push(step) });
        assert.deepEqual([again?.cached, again?.key, again?.inputs], [true, first.key, first.inputs]);
        assert.deepEqual(again?.wasm, first.wasm);
      }
      await other?.close();
      assert.equal(first.cached, false);
      assert.deepEqual(steps, []);
    });

    test('a changed header compiles what includes it, and only that; changed back, nothing', async () => {
      using folder = new Folder();
      const main = folder.write(
        'main.c',
        `${unique()}${PRINT}#include "a.h"\nint other(void);\nint main(void) { printf("%d %d", N, other()); }`,
      );
      const other = folder.write('other.c', `${unique()}int other(void) { return 7; }`);
      folder.write('a.h', '#include "n.h"\n');
      folder.write('n.h', '#define N 1\n');
      const build = async (): Promise<{ answer: string; steps: string[] }> => {
        const steps: string[] = [];
        const artifact = await builder.build(fn(sources([main, other])), { onProgress: (step) => steps.push(step) });
        return { answer: await answerOf(artifact), steps: steps.filter((step) => step.startsWith('compiling')).toSorted() };
      };
      assert.deepEqual(await build(), { answer: '1 7', steps: ['compiling main.c', 'compiling other.c'] });
      folder.write('n.h', '#define N 2\n');
      assert.deepEqual(await build(), { answer: '2 7', steps: ['compiling main.c'] });
      folder.write('n.h', '#define N 1\n');
      assert.deepEqual(await build(), { answer: '1 7', steps: [] });
    });

    test('a header that appears in front of the one that was found is seen', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', `${unique()}${PRINT}#include "n.h"\nint main(void) { printf("%d", N); }`);
      folder.write('two/n.h', '#define N 2\n');
      const spec = fn(sources([main], { includeDirs: [`${folder.path}/one`, `${folder.path}/two`] }));
      assert.equal(await answerOf(await builder.build(spec)), '2');
      folder.write('one/n.h', '#define N 1\n');
      assert.equal(await answerOf(await builder.build(spec)), '1');
      folder.write('n.h', '#define N 0\n');
      assert.equal(await answerOf(await builder.build(spec)), '0');
    });

    test('defines, flags, standard, stack and contract are part of the key', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', `${unique()}int main(void) { return 0; }`);
      const variants = [{}, { defines: ['A=1'] }, { flags: ['-O1'] }, { cStandard: 'c23' as const }, { stackBytes: 128 * 1024 }];
      const keys = [];
      for (const variant of variants) keys.push((await builder.build(fn(sources([main], variant)))).key);
      assert.equal(new Set(keys).size, variants.length);
    });

    test('a damaged entry is noticed and built anew', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', `${unique()}${PRINT}int main(void) { puts("whole"); }`);
      const spec = fn(sources([main]));
      const { key } = await builder.build(spec);
      const entry = join(CACHE, 'v1/entries', key);
      const whole = readFileSync(entry);
      for (const damage of [
        () => truncateSync(entry, 100),
        () => truncateSync(entry, 0),
        () => writeFileSync(entry, flipped(whole)),
        () => rmSync(entry),
      ]) {
        damage();
        const again = await builder.build(spec);
        assert.deepEqual([again.cached, await answerOf(again)], [false, 'whole\n']);
        assert.equal((await builder.build(spec)).cached, true);
      }
    });
  });
}

test('a store over its limit lets the least recently used go, and what a killed writer left', async () => {
  using folder = new Folder();
  const store = await Store.open(folder.path, 1000);
  folder.write('unfinished/left-behind', 'half');
  utimesSync(join(folder.path, 'unfinished/left-behind'), 1, 1);
  for (let i = 0; i < 9; i++) await store.put(`entry-${i}`, Buffer.alloc(68));
  for (let i = 0; i < 9; i++) utimesSync(join(folder.path, 'entries', `entry-${i}`), 1000 + i, 1000 + i);
  assert.ok(await store.get('entry-0'));
  await store.put('entry-9', Buffer.alloc(68));
  await store.put('entry-10', Buffer.alloc(68));
  await store.close();
  const left = readdirSync(join(folder.path, 'entries')).toSorted();
  assert.deepEqual(left, ['entry-0', 'entry-10', 'entry-5', 'entry-6', 'entry-7', 'entry-8', 'entry-9']);
  assert.deepEqual(readdirSync(join(folder.path, 'unfinished')), []);
});

test('a store whose folder cannot be written answers without', async () => {
  using folder = new Folder();
  const store = await Store.open(folder.path);
  rmSync(folder.path, { recursive: true });
  await store.put('key', Buffer.from('content'));
  assert.equal(await store.get('key'), undefined);
  await store.close();
});

function flipped(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed[bytes.length - 10] = (changed[bytes.length - 10] ?? 0) ^ 1;
  return changed;
}
