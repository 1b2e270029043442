import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { cacheFolder, dataFolder, makeDataFolder } from '../../src/cli/places.ts';

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-places-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

suite('places', () => {
  test('the data folder is the nearest one upwards, so that it is found from anywhere in a project', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'a/b/c'), { recursive: true });
      assert.equal(await dataFolder(undefined, join(folder, 'a/b/c')), join(folder, 'a/b/c/.weft'));
      await mkdir(join(folder, '.git'));
      assert.equal(await dataFolder(undefined, join(folder, 'a/b/c')), join(folder, '.weft'));
      await mkdir(join(folder, 'a/.weft'));
      assert.equal(await dataFolder(undefined, join(folder, 'a/b/c')), join(folder, 'a/.weft'));
      assert.equal(await dataFolder('told', join(folder, 'a')), join(folder, 'a/told'));
    }));

  test('version control sees nothing of a data folder', () =>
    inFolder(async (folder) => {
      await makeDataFolder(join(folder, '.weft'));
      await makeDataFolder(join(folder, '.weft'));
      assert.equal(await readFile(join(folder, '.weft/.gitignore'), 'utf8'), '*\n');
    }));

  test('a folder that cannot be made is an error that names it, wherever that is', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      // Linux answers "no such entry" to every new name in /proc, so that Node's own mkdir tries for ever.
      const places = [join(folder, 'file'), join(folder, 'file/below'), ...(process.platform === 'linux' ? ['/proc/weft/data'] : [])];
      for (const place of places) await assert.rejects(makeDataFolder(place), { code: 'WEFT_FILE', message: new RegExp(place) });
      await makeDataFolder(join(folder, 'many/new/folders'));
      assert.equal((await stat(join(folder, 'many/new/folders'))).isDirectory(), true);
    }));

  test('the build cache is the user’s; where there is no home to write to, it is in the data folder', () =>
    inFolder(async (folder) => {
      const data = join(folder, 'data');
      assert.equal(await cacheFolder({ XDG_CACHE_HOME: folder }, data), join(folder, 'weft'));
      assert.equal(await cacheFolder({ WEFT_CACHE: join(folder, 'mine') }, data), join(folder, 'mine'));
      assert.equal(await cacheFolder({ XDG_CACHE_HOME: '/dev/null/nowhere' }, data), join(data, 'cache'));
    }));
});
