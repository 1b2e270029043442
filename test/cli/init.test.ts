import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { after, suite, test } from 'node:test';
import { INIT_KINDS } from '../../src/cli/init/kinds.ts';
import { cannotRun } from '../process/harness.ts';
import { WEFT, Workshop } from './weft.ts';

const { 'functions-framework': longName, ...SHORT } = INIT_KINDS;
const KINDS = Object.entries(SHORT).flatMap(([contract, { languages }]) =>
  languages.map((language) => ({ contract, language, name: `${contract}-${language}` })),
);

suite('weft init', async () => {
  const workshop = await Workshop.open();
  after(() => workshop[Symbol.asyncDispose]());

  /** Writes, builds, serves and asks an app of each kind. */
  const writeAndServe = async (kinds: typeof KINDS, file: (name: string) => string): Promise<void> => {
    for (const { contract, language, name } of kinds) {
      const { code, stdout, stderr } = await workshop.run(['init', name, '--contract', contract, '--lang', language]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(stdout.trimEnd().split('\n'), [`${name}/weft.yaml`, `${name}/${name}.${language}`, `${name}/test.sh`]);
    }
    const folders = kinds.map(({ name }) => name);
    const built = await workshop.run(['build', '--output', 'out', ...folders]);
    assert.equal(built.code, 0, built.stderr);
    assert.deepEqual(built.stdout.trimEnd().split('\n').toSorted(), folders.map((name) => `out/${file(name)}`).toSorted());
    assert.doesNotMatch(built.stderr, /warning:/);

    const up = await workshop.up(folders);
    for (const name of folders) {
      const { code, stdout, stderr } = await workshop.run(['invoke', name, '--data', 'Ada', '--gateway', up.url]);
      assert.deepEqual({ name, code, stdout, stderr }, { name, code: 0, stdout: 'Hello, Ada!\n', stderr: '' });
    }
    await up.end();
  };

  test('what it writes builds without a warning, is served, and answers; in every contract and language', async () => {
    const modules = KINDS.filter(({ contract }) => contract !== 'http');
    await writeAndServe(modules, (name) => `${name}.wasm`);
    for (const { name } of modules) assert.ok(WebAssembly.validate(await readFile(workshop.path('out', `${name}.wasm`))), name);
  });

  test('so does a server of one’s own, as a process', { skip: cannotRun() }, () =>
    writeAndServe(
      KINDS.filter(({ contract }) => contract === 'http'),
      (name) => name,
    ),
  );

  test('the test that comes with it passes, and fails when the answer is another', async () => {
    await workshop.run(['init', 'its own']);
    const run = () => workshop.run(['its own/test.sh'], { program: 'sh', env: { WEFT } });
    const passed = await run();
    assert.deepEqual([passed.code, passed.stdout], [0, 'its-own answers as it should\n'], passed.stderr);
    const source = workshop.path('its own/its-own.c');
    await writeFile(source, (await readFile(source, 'utf8')).replace('Hello', 'Howdy'));
    const failed = await run();
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /its-own answered: Howdy, Ada!/);
    await writeFile(source, 'this is no C');
    assert.equal((await run()).code, 1);
  });

  test('gcf is functions-framework, by a shorter name', () => {
    assert.equal(longName, INIT_KINDS.gcf);
  });

  test('a language that a contract is not for is told', async () => {
    const { code, stderr } = await workshop.run(['init', 'none', '--contract', 'gcf', '--lang', 'c']);
    assert.equal(code, 2);
    assert.match(stderr, /A function of contract functions-framework is written in cpp, not in c/);
  });

  test('touches nothing that is there, and writes nothing then', async () => {
    const { code } = await workshop.run(['init', 'mine']);
    assert.equal(code, 0);
    await writeFile(workshop.path('mine/mine.c'), 'my work');
    const again = await workshop.run(['init', 'mine', '--lang', 'cpp']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /mine\/weft\.yaml is there already; nothing was written/);
    assert.deepEqual((await readdir(workshop.path('mine'))).toSorted(), ['mine.c', 'test.sh', 'weft.yaml']);
    assert.equal(await readFile(workshop.path('mine/mine.c'), 'utf8'), 'my work');
  });

  test('makes a name that fits into a URL of any folder’s', async () => {
    const { code, stdout } = await workshop.run(['init', '42 Größe & Co_', '--json']);
    assert.equal(code, 0);
    const files = ['weft.yaml', 'gr-e-co.c', 'test.sh'].map((file) => `42 Größe & Co_/${file}`);
    assert.deepEqual(JSON.parse(stdout), { app: 'gr-e-co', files });
  });

  test('the commands that it tells are taken by a shell, whatever the folder is called', async () => {
    for (const folder of ['plain', 'with two  spaces', `it's "$HOME" & ~; \`x\``, '-dashed', 'deep/er (1)']) {
      const { code, stderr } = await workshop.run(['init', '--', folder]);
      assert.equal(code, 0, stderr);
      const [, up = '', test = ''] = /^Serve it with: (weft up .*); test it with: (sh .*)\n$/.exec(stderr) ?? [];
      for (const [command, name] of [
        [up, ''],
        [test, 'test.sh'],
      ] as const) {
        const words = await workshop.run(['-c', `printf '%s\\n' ${command}`], { program: 'sh' });
        const path = words.stdout.split('\n').at(-2) ?? '';
        assert.doesNotMatch(path, /^-/);
        assert.equal(workshop.path(path), workshop.path(folder, name), command);
        assert.equal(words.stdout.split('\n').length, command.startsWith('sh') ? 3 : 4, command);
      }
    }
    const here = await workshop.run(['init'], { cwd: workshop.path('deep') });
    assert.equal(here.stderr, 'Serve it with: weft up; test it with: sh test.sh\n');
  });

  test('a folder that cannot be made is told', async () => {
    await writeFile(workshop.path('file'), '');
    const { code, stderr } = await workshop.run(['init', 'file/below']);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use file\/below: /);
  });
});
