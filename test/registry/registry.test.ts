import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { WeftError } from '../../src/model/errors.ts';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';
import { digestOf } from '../../src/registry/digest.ts';
import type { AppRecord } from '../../src/registry/record.ts';
import { Registry } from '../../src/registry/registry.ts';

const SECRET = 'a secret value';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'weft-registry-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Of an app with one function. */
function record(app: string, version: number, wasm: string, files: Record<string, string> = {}): AppRecord {
  const settings = {
    name: `fn-${app}`,
    contract: 'weft' as const,
    isolation: { kind: 'context' as const },
    rollback: 'request' as const,
    limits: { ...DEFAULT_LIMITS },
    env: {},
    secrets: { token: SECRET },
    args: [],
    origins: [],
    idleMs: 0,
    warm: 0,
  };
  return { format: 1, app, version, deployedAt: 1, functions: [{ settings, wasm, files, labels: {}, annotations: {} }], merge: [] };
}

/** The app with that module deployed in the folder. */
async function deployed(dir: string, app: string, module: string): Promise<void> {
  using registry = await Registry.open(dir);
  await registry.save(record(app, 1, await registry.putArtifact(bytes(module))));
}

const isError =
  (code: string, ...words: string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof WeftError);
    assert.equal(error.code, code);
    for (const word of words) assert.ok(error.message.includes(word), `"${error.message}" does not name ${word}`);
    return true;
  };

test('no record names what made room for others meanwhile', async (t) => {
  const dir = await folder(t);
  using registry = await Registry.open(dir, { maxLooseBytes: 10 });
  const early = await registry.putArtifact(bytes('early'));
  await registry.putArtifact(bytes('much later'));
  await assert.rejects(registry.save(record('app', 1, early)), isError('WEFT_ARTIFACT_MISSING', early));
  assert.deepEqual([registry.apps.size, await readdir(join(dir, 'apps'))], [0, []]);
  await registry.save(record('app', 1, await registry.putArtifact(bytes('early'))));
  await registry.putArtifact(bytes('and others'));
  assert.equal(text(await registry.readArtifact(early)), 'early');
});

test('of a program that cannot be put in place nothing is left', async (t) => {
  const dir = await folder(t);
  using registry = await Registry.open(dir);
  const digest = await registry.putArtifact(bytes('program'));
  await mkdir(join(dir, 'programs', digest)); // a rename does not go over it
  await assert.rejects(registry.placeProgram(digest), isError('WEFT_FILE', digest));
  assert.deepEqual(await readdir(join(dir, 'programs')), [digest]);
});

test('what was saved is there after opening again', async (t) => {
  const dir = await folder(t);
  const saved = record('one', 3, digestOf(bytes('module')), { '/data': digestOf(bytes('file')) });
  {
    using registry = await Registry.open(dir);
    await registry.putArtifact(bytes('module'));
    await registry.putArtifact(bytes('file'));
    await registry.save(saved);
  }
  using registry = await Registry.open(dir);
  assert.deepEqual([...registry.apps.values()], [saved]);
  assert.equal(text(await registry.readArtifact(digestOf(bytes('module')))), 'module');
  assert.equal(text(await registry.readArtifact(digestOf(bytes('file')))), 'file');
});

test('names that differ only in case are different apps, in files that differ in more', async (t) => {
  const dir = await folder(t);
  for (const app of ['hello', 'Hello', 'HELLO']) await deployed(dir, app, 'm');
  using registry = await Registry.open(dir);
  assert.deepEqual([...registry.apps.keys()].toSorted(), ['HELLO', 'Hello', 'hello']);
  const files = await readdir(join(dir, 'apps'));
  assert.equal(new Set(files.map((name) => name.toLowerCase())).size, 3);
});

test('records hold secrets, so only their owner reads them', async (t) => {
  const dir = await folder(t);
  await deployed(dir, 'one', 'm');
  const path = join(dir, 'apps', 'one.json');
  assert.ok((await readFile(path, 'utf8')).includes(SECRET));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  for (const name of ['apps', 'artifacts', 'scratch']) assert.equal((await stat(join(dir, name))).mode & 0o777, 0o700);
});

test('what a crash left half done is collected at the next start', async (t) => {
  const dir = await folder(t);
  await deployed(dir, 'one', 'm');
  await writeFile(join(dir, 'scratch', 'half'), 'hal');
  await writeFile(join(dir, 'artifacts', digestOf(bytes('nobody uses it'))), 'nobody uses it');
  using registry = await Registry.open(dir);
  assert.deepEqual(await readdir(join(dir, 'scratch')), []);
  assert.deepEqual(await readdir(join(dir, 'artifacts')), [digestOf(bytes('m'))]);
  assert.deepEqual([...registry.apps.keys()], ['one']);
});

test('what no app names any more is kept for a while, and what an app names always', async (t) => {
  const dir = await folder(t);
  using registry = await Registry.open(dir, { maxLooseBytes: 2 });
  const put = (name: string): Promise<string> => registry.putArtifact(bytes(name));
  const there = (...digests: string[]): Promise<boolean[]> => Promise.all(digests.map((digest) => registry.hasArtifact(digest)));
  const [a, b, c] = [await put('a'), await put('b'), await put('c')];
  assert.deepEqual(await there(a, b, c), [false, true, true], 'there is room for two');
  await registry.save(record('one', 1, b, { '/f': c }));
  const [d, e] = [await put('d'), await put('e')];
  assert.deepEqual(await there(b, c, d, e), [true, true, true, true]);
  await registry.save(record('two', 1, c));
  await registry.save(record('one', 2, d));
  assert.deepEqual(await there(b, c, d, e), [true, true, true, true], "b is nobody's, but new");
  const f = await put('f');
  assert.deepEqual(await there(b, c, d, e, f), [true, true, true, false, true], 'the oldest goes first');
  await registry.remove('two');
  assert.deepEqual(await there(b, c, d, f), [false, true, true, true]);
});

const DAMAGE: Readonly<Record<string, string>> = {
  'cut short': '{"format":1,"app":"one","secr',
  empty: '',
  'of another shape': '{"format":1,"app":"one"}',
  'of a later format': JSON.stringify({ ...record('one', 1, digestOf(bytes('m'))), format: 2 }),
  'of another app': JSON.stringify(record('other', 1, digestOf(bytes('m')))),
};

for (const [how, content] of Object.entries(DAMAGE)) {
  test(`a record that is ${how} is an error that names its file and no secret, and loses nothing of others`, async (t) => {
    const dir = await folder(t);
    await deployed(dir, 'one', 'm');
    await deployed(dir, 'two', 'n');
    await writeFile(join(dir, 'apps', 'one.json'), content);
    using registry = await Registry.open(dir);
    const [error] = registry.damaged;
    assert.ok(isError('WEFT_DATA_DAMAGED', join(dir, 'apps', 'one.json'))(error));
    assert.ok(!error?.message.includes(SECRET));
    assert.deepEqual([...registry.apps.keys()], ['two']);
    assert.ok(await registry.hasArtifact(digestOf(bytes('m'))), 'what the record names is needed to mend it');
  });
}

test('an artifact that was damaged is an error that names its file, and can be put again', async (t) => {
  const dir = await folder(t);
  using registry = await Registry.open(dir);
  const digest = await registry.putArtifact(bytes('module'));
  const path = join(dir, 'artifacts', digest);
  await writeFile(path, 'modul3');
  await assert.rejects(registry.readArtifact(digest), isError('WEFT_DATA_DAMAGED', path));
  await assert.rejects(registry.readArtifact(digest), isError('WEFT_ARTIFACT_MISSING', digest));
  await registry.putArtifact(bytes('module'));
  assert.equal(text(await registry.readArtifact(digest)), 'module');
});

test('a second registry on the folder, in this process or another, is an error that names the first', async (t) => {
  const dir = await folder(t);
  {
    using _registry = await Registry.open(dir);
    await assert.rejects(Registry.open(dir), isError('WEFT_DATA_IN_USE', dir, String(process.pid)));
  }
  const holder = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  await assert.rejects(Registry.open(dir), isError('WEFT_DATA_IN_USE', dir, String(holder.pid)));
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  // What it left names a process; that an unrelated one may have the number by now is no obstacle.
  await writeFile(join(dir, 'lock.pid'), `${process.ppid}\n`);
  using registry = await Registry.open(dir);
  assert.equal(registry.apps.size, 0);
});

test('a folder that cannot be used is an error that names it', async (t) => {
  const dir = await folder(t);
  await writeFile(join(dir, 'file'), '');
  await assert.rejects(Registry.open(join(dir, 'file')), isError('WEFT_FILE', join(dir, 'file')));
  await writeFile(join(dir, 'lock'), 'this is no lock of ours, but a file that somebody put here');
  await assert.rejects(Registry.open(dir), isError('WEFT_FILE', join(dir, 'lock')));
});

test('whatever is saved, removed and opened again, the folder holds what was acknowledged', async () => {
  const app = fc.constantFrom('a', 'A', 'b');
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ what: fc.constant('save' as const), app, module: fc.constantFrom('x', 'y', 'z') }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('remove' as const), app, module: fc.constant('') }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('open' as const), app, module: fc.constant('') }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const dir = await mkdtemp(join(tmpdir(), 'weft-registry-'));
      const expected = new Map<string, string>();
      let registry = await Registry.open(dir);
      try {
        for (const { what, app: name, module } of steps) {
          if (what === 'save') {
            await registry.save(record(name, 1, await registry.putArtifact(bytes(module))));
            expected.set(name, module);
          } else if (what === 'remove') {
            await registry.remove(name);
            expected.delete(name);
          } else {
            registry[Symbol.dispose]();
            registry = await Registry.open(dir);
          }
          const found = [...registry.apps.values()].map(async ({ app: each, functions }) => {
            return [each, text(await registry.readArtifact(functions[0]?.wasm ?? ''))] as const;
          });
          assert.deepEqual(new Map(await Promise.all(found)), expected);
        }
        registry[Symbol.dispose]();
        registry = await Registry.open(dir);
        assert.equal((await readdir(join(dir, 'artifacts'))).length, new Set(expected.values()).size, 'garbage is collected at the start');
      } finally {
        registry[Symbol.dispose]();
        await rm(dir, { recursive: true });
      }
    }),
    { numRuns: 30 },
  );
});

test('a program that several functions have is placed once, though they ask at once', async (t) => {
  using registry = await Registry.open(await folder(t));
  const digest = await registry.putArtifact(bytes('#!/bin/sh\necho it runs\n'));
  const paths = await Promise.all(Array.from({ length: 8 }, () => registry.placeProgram(digest)));
  assert.equal(new Set(paths).size, 1);
  const [path = ''] = paths;
  assert.equal(spawnSync(path, { encoding: 'utf8' }).stdout, 'it runs\n');
});
