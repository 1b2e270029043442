import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { suite, test } from 'node:test';
import { ROOT } from '../../scripts/checks/step.ts';
import { loadApp } from '../../src/manifest/index.ts';
import { DEFAULT_LIMITS, IDLE_MS } from '../../src/model/limits.ts';
import { AppFolder, only, refusal } from './app-folder.ts';

const WEFT = '#include <weft/v1.h>\nint weft_handle(weft_request *q, weft_response *s) { return 0; }\n';
const WEFT_CPP = '#include "weft/v1.hpp"\n';
const NIGHTCORE = '  #  include <faas/worker_v1_interface.h>\n';
const PROGRAM = '#include <stdio.h>\n// #include <weft/v1.h> is not meant\nint main(void) { return 0; }\n';

const example = (name: string): string => join(ROOT, 'examples', name);

suite('what an app is loaded from', () => {
  test('a folder with a weft.yaml', async () => {
    const app = await loadApp(example('workflow'));
    assert.equal(app.name, 'workflow');
    assert.equal(app.dir, example('workflow'));
    assert.deepEqual(app.merge, [['ranking', 'sort', 'merge']]);
    assert.deepEqual(
      app.functions.map((fn) => [
        fn.name,
        fn.contract,
        fn.build.kind === 'sources' && fn.build.sources.map((path) => relative(app.dir, path)),
      ]),
      [
        ['ranking', 'weft', ['ranking.c']],
        ['sort', 'weft', ['sort.c', 'lines.c']],
        ['merge', 'weft', ['merge.c', 'lines.c']],
      ],
    );
  });

  test('the manifest itself, from wherever', async () => {
    const manifest = join(example('echo'), 'weft.yaml');
    const direct = await loadApp(manifest);
    assert.deepEqual(direct, await loadApp(example('echo')));
    assert.deepEqual(direct, await loadApp(relative(process.cwd(), manifest)));
  });

  test('a manifest of another name', async (t) => {
    const folder = await AppFolder.with({ 'a.c': WEFT, 'staging.yml': 'app: staging\nfunctions: {f: {sources: [a.c]}}\n' }, t);
    assert.equal((await loadApp(folder.at('staging.yml'))).name, 'staging');
  });

  test('everything that a manifest leaves out has its default', async (t) => {
    const folder = await AppFolder.with({ 'f.c': WEFT }, t);
    assert.deepEqual(await folder.loadYaml('app: a\nfunctions: {f: {sources: [f.c]}}'), {
      name: 'a',
      dir: folder.path,
      merge: [],
      functions: [
        {
          name: 'f',
          contract: 'weft',
          isolation: { kind: 'context' },
          build: {
            kind: 'sources',
            sources: [folder.at('f.c')],
            includeDirs: [],
            defines: [],
            flags: [],
            linkFlags: [],
            libraries: [],
            cStandard: 'c17',
            cppStandard: 'c++20',
            stackBytes: 48 * 1024,
          },
          limits: DEFAULT_LIMITS,
          rollback: 'request',
          env: {},
          secrets: {},
          args: [],
          files: {},
          origins: [],
          idleMs: IDLE_MS,
          warm: 1,
        },
      ],
    });
  });

  const single = [
    { file: 'shout.c', text: WEFT, name: 'shout', contract: 'weft', stack: 48 },
    { file: 'Shout.cpp', text: WEFT_CPP, name: 'Shout', contract: 'weft', stack: 48 },
    { file: 'foo.cc', text: NIGHTCORE, name: 'foo', contract: 'nightcore', stack: 48 },
    { file: 'line count_2.c', text: PROGRAM, name: 'line-count-2', contract: 'stdio', stack: 256 },
  ] as const;
  for (const { file, text, name, contract, stack } of single) {
    test(`one source alone: ${file} is ${name}, contract ${contract}`, async (t) => {
      const folder = await AppFolder.with({ [file]: text, 'notes.txt': '' }, t);
      const app = await loadApp(folder.at(file));
      assert.deepEqual([app.name, app.dir, app.merge], [name, folder.path, []]);
      const fn = only(app);
      assert.deepEqual([fn.name, fn.contract], [name, contract]);
      assert.deepEqual(fn.build.kind === 'sources' && [fn.build.sources, fn.build.stackBytes], [[folder.at(file)], stack * 1024]);
      assert.deepEqual(await folder.load(), app, 'the folder that has nothing else is the same app');
    });
  }

  test('a function of a manifest without a contract has that of its sources', async (t) => {
    const folder = await AppFolder.with({ 'a.c': WEFT, 'b.cc': NIGHTCORE, 'c.c': PROGRAM, 'help.c': 'int x;' }, t);
    const app = await folder.loadYaml(
      'app: a\nfunctions:\n  a: {sources: [help.c, a.c]}\n  b: {sources: [b.cc]}\n  c: {sources: [c.c]}\n  d: {sources: [c.c], contract: weft}\n',
    );
    assert.deepEqual(
      app.functions.map((fn) => fn.contract),
      ['weft', 'nightcore', 'stdio', 'weft'],
    );
  });
});

suite('what is no app', () => {
  test('an empty folder', async (t) => {
    const folder = await AppFolder.with({}, t);
    assert.equal((await refusal(folder.load())).code, 'WEFT_NO_APP');
  });

  const folders = [
    { what: 'a slip in the name of the manifest', files: { 'weft.yml': '' }, says: /no weft\.yaml, but "weft\.yml"/ },
    { what: 'several sources and no manifest', files: { 'a.c': '', 'b.cpp': '' }, says: /which of its 2 sources/ },
  ];
  for (const { what, files, says } of folders) {
    test(what, async (t) => {
      const folder = await AppFolder.with(files, t);
      const error = await refusal(folder.load());
      assert.equal(error.code, 'WEFT_MANIFEST');
      assert.match(error.message, says);
    });
  }

  for (const [path, says] of Object.entries({
    'gone/weft.yaml': /^There is no app in .*gone\/weft\.yaml: there is no such file or folder$/,
    'readme.txt': /readme\.txt: an app is a folder, a weft\.yaml, a func_config\.json, or a C or C\+\+ source/,
    'readme.txt/weft.yaml': /a part of its path is a file/,
    'bad\0name': /NUL/,
  })) {
    test(`the path ${JSON.stringify(path)}`, async (t) => {
      const folder = await AppFolder.with({ 'readme.txt': 'hello' }, t);
      const error = await refusal(loadApp(`${folder.path}/${path}`));
      assert.equal(error.code, 'WEFT_NO_APP');
      assert.equal(error.entry.exit, 2);
      assert.match(error.message, says);
    });
  }

  test('something that is neither file nor folder', async () => {
    assert.match((await refusal(loadApp('/dev/null'))).message, /neither file nor folder/);
  });
});
