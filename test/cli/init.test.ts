import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { after, suite, test } from 'node:test';
import { Workshop } from './weft.ts';

const CONTRACTS = ['weft', 'stdio', 'nightcore'];
const LANGUAGES = ['c', 'cpp'];
const KINDS = CONTRACTS.flatMap((contract) => LANGUAGES.map((language) => ({ contract, language, name: `${contract}-${language}` })));

suite('weft init', async () => {
  const workshop = await Workshop.open();
  after(() => workshop[Symbol.asyncDispose]());

  test('what it writes builds without a warning, is served, and answers; in every contract and language', async () => {
    for (const { contract, language, name } of KINDS) {
      const { code, stdout, stderr } = await workshop.run(['init', name, '--contract', contract, '--lang', language]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(stdout.trimEnd().split('\n'), [`${name}/weft.yaml`, `${name}/${name}.${language}`]);
    }
    const folders = KINDS.map(({ name }) => name);
    const built = await workshop.run(['build', '--output', 'out', ...folders]);
    assert.equal(built.code, 0, built.stderr);
    assert.deepEqual(built.stdout.trimEnd().split('\n').toSorted(), folders.map((name) => `out/${name}.wasm`).toSorted());
    assert.doesNotMatch(built.stderr, /warning:/);
    for (const name of folders) assert.ok(WebAssembly.validate(await readFile(workshop.path('out', `${name}.wasm`))), name);

    await workshop.up(folders);
    for (const name of folders) {
      const { code, stdout, stderr } = await workshop.run(['invoke', name, '--data', 'Ada']);
      assert.deepEqual({ name, code, stdout, stderr }, { name, code: 0, stdout: 'Hello, Ada!\n', stderr: '' });
    }
  });

  test('touches nothing that is there, and writes nothing then', async () => {
    const { code } = await workshop.run(['init', 'mine']);
    assert.equal(code, 0);
    await writeFile(workshop.path('mine/mine.c'), 'my work');
    const again = await workshop.run(['init', 'mine', '--lang', 'cpp']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /mine\/weft\.yaml is there already; nothing was written/);
    assert.deepEqual((await readdir(workshop.path('mine'))).toSorted(), ['mine.c', 'weft.yaml']);
    assert.equal(await readFile(workshop.path('mine/mine.c'), 'utf8'), 'my work');
  });

  test('makes a name that fits into a URL of any folder’s', async () => {
    const { code, stdout } = await workshop.run(['init', '42 Größe & Co_', '--json']);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { app: 'gr-e-co', files: ['42 Größe & Co_/weft.yaml', '42 Größe & Co_/gr-e-co.c'] });
  });

  test('a folder that cannot be made is told', async () => {
    await writeFile(workshop.path('file'), '');
    const { code, stderr } = await workshop.run(['init', 'file/below']);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use file\/below: /);
  });
});
