import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ROOT } from '../../scripts/checks/step.ts';
import { loadApp } from '../../src/manifest/index.ts';
import { AppFolder } from './app-folder.ts';

const FOO = '[{"funcName": "Foo", "funcId": 1}]';

suite("Nightcore's func_config.json", () => {
  test('its example is one app and one merge group, of functions that keep their state', async () => {
    const dir = join(ROOT, 'examples/nightcore');
    const app = await loadApp(dir);
    assert.deepEqual([app.name, app.dir, app.merge], ['nightcore', dir, [['Foo', 'Bar']]]);
    const told = app.functions.map(({ name, contract, rollback, warm, nightcore, build }) => ({
      name,
      contract,
      rollback,
      warm,
      nightcore,
      sources: build.kind === 'sources' ? build.sources : [],
    }));
    const same = { contract: 'nightcore', rollback: 'never', warm: 2, nightcore: { allowHttpGet: false, qsAsInput: false } };
    assert.deepEqual(told, [
      { name: 'Foo', ...same, sources: [join(dir, 'foo.c')] },
      { name: 'Bar', ...same, sources: [join(dir, 'bar.c')] },
    ]);
    assert.deepEqual(await loadApp(join(dir, 'func_config.json')), app);
  });

  test('switches and workers; fields that nobody knows are ignored, as in Nightcore', async (t) => {
    const folder = await AppFolder.with({ 'a.c': '', 'b.c': '', 'c.c': '' }, t);
    const config = [
      { funcName: 'a', funcId: 1, allowHttpGet: true, qsAsInput: false, minWorkers: 0, grpcMethods: ['x'], note: { any: 1 } },
      { funcName: 'b', funcId: 2, qsAsInput: true, minWorkers: -1, maxWorkers: 1 },
      { funcName: 'c', funcId: 255, minWorkers: 100_000 },
    ];
    await folder.write('func_config.json', JSON.stringify(config));
    const app = await folder.load();
    assert.deepEqual(
      app.functions.map(({ warm, nightcore, limits }) => [warm, nightcore, limits.concurrency]),
      [
        [0, { allowHttpGet: true, qsAsInput: false }, 10_000],
        [1, { allowHttpGet: false, qsAsInput: true }, 10_000],
        [64, { allowHttpGet: false, qsAsInput: false }, 10_000],
      ],
    );
  });

  test('a single function is no group', async (t) => {
    const folder = await AppFolder.with({ 'foo.c': '', 'func_config.json': FOO }, t);
    assert.deepEqual((await folder.load()).merge, []);
  });

  const layouts = [
    [['foo.c'], ['foo.c']],
    [['Foo.cpp', 'foobar.c'], ['Foo.cpp']],
    [['FOO.cc'], ['FOO.cc']],
    [
      ['foo/main.c', 'foo/deep/other.c', 'foo/help.cpp', 'foo/help.h'],
      ['foo/help.cpp', 'foo/main.c'],
    ],
    [['Foo.c', 'foo.c'], ['Foo.c']],
    [['foo.c', 'foo/main.c'], ['foo.c']],
  ] as const;
  for (const [present, expected] of layouts) {
    test(`Foo in ${present.join(', ')} is ${expected.join(', ')}`, async (t) => {
      const folder = await AppFolder.with({ ...Object.fromEntries(present.map((path) => [path, ''])), 'func_config.json': FOO }, t);
      const [fn] = (await folder.load()).functions;
      assert.deepEqual(
        fn?.build.kind === 'sources' && fn.build.sources,
        expected.map((path) => folder.at(path)),
      );
    });
  }

  test('a weft.yaml beside it says more, and is taken', async (t) => {
    const folder = await AppFolder.with({ 'foo.c': '', 'func_config.json': FOO }, t);
    assert.equal((await folder.loadYaml('app: mine\nfunctions: {Foo: {sources: [foo.c]}}')).name, 'mine');
  });

  const refused = [
    ['not JSON', '[{"funcName": "Foo", "funcId": 1},]', /^1:35: not valid JSON: /],
    ['YAML', '- funcName: Foo\n  funcId: 1\n', /^1:\d+: not valid JSON: /],
    ['a comment', '# hello\n[]', /not valid JSON/],
    ['no list', '{"Foo": 1}', /^1:1: the manifest must be a list, not a mapping$/],
    ['an empty list', '[]', /^1:1: the manifest is empty$/],
    ['no name', '[{"funcId": 1}]', /^1:2: \[0\]: the key "funcName" is missing$/],
    ['no id', '[{"funcName": "Foo"}]', /^1:2: \[0\]: the key "funcId" is missing$/],
    [
      'a hyphen',
      '[{"funcName": "Foo-1", "funcId": 1}]',
      /^1:15: \[0\]\.funcName: "Foo-1" cannot be a function: up to 63 letters and digits$/,
    ],
    ['a gRPC service', '[{"funcName": "grpc:a.B", "funcId": 1}]', /^1:15: "grpc:a\.B": gRPC services are not for C and C\+\+/],
    ['an id out of range', '[{"funcName": "Foo", "funcId": 256}]', /^1:32: \[0\]\.funcId must be 255 or less, not 256$/],
    [
      'a text for a switch',
      '[{"funcName": "Foo", "funcId": 1, "qsAsInput": "yes"}]',
      /^1:48: \[0\]\.qsAsInput must be true or false, not the text "yes"$/,
    ],
    ['a name twice', '[{"funcName": "Foo", "funcId": 1}, {"funcName": "Foo", "funcId": 2}]', /^1:49: funcName "Foo" is here twice$/],
    ['an id twice', '[{"funcName": "Foo", "funcId": 1}, {"funcName": "Fooo", "funcId": 1}]', /^1:67: funcId 1 is here twice$/],
    ['a key twice', '[{"funcName": "Foo", "funcId": 1, "funcId": 2}]', /^1:35: the key "funcId" is here twice$/],
    [
      'no source',
      '[{"funcName": "Fop", "funcId": 1}]',
      /^1:15: there is no source for Fop: fop\.c, another C or C\+\+ file of that name, or a folder fop\/ with its sources; did you mean "foo\.c"\?$/,
    ],
    ['two sources', '[{"funcName": "Two", "funcId": 1}]', /^1:15: Two could be built from two\.c or two\.cpp$/],
    ['an empty folder', '[{"funcName": "Empty", "funcId": 1}]', /^1:15: the folder ".*" has no C or C\+\+ source in it$/],
  ] as const;
  for (const [what, config, says] of refused) {
    test(`refused: ${what}`, async (t) => {
      const folder = await AppFolder.with({ 'foo.c': '', 'fooo.c': '', 'two.c': '', 'two.cpp': '', 'func_config.json': config }, t);
      await mkdir(folder.at('empty'));
      const mistakes = await folder.mistakes(folder.load());
      assert.equal(mistakes.length, 1, mistakes.join('\n'));
      assert.match(mistakes.join(), says);
    });
  }
});
