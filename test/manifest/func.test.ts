/** func.yaml of IronFunctions and of Fn, told apart and taken as they are; and Fn's app.yaml with the functions below it. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { App } from '../../src/model/app.ts';
import { AppFolder, only } from './app-folder.ts';

const PROGRAM = '#include <stdio.h>\nint main(void) { return 0; }\n';

type Files = Readonly<Record<string, string>>;

async function load(t: TestContext, files: Files, environment: Files = {}): Promise<{ app: App; folder: AppFolder }> {
  const folder = await AppFolder.with(files, t);
  return { app: await folder.load(environment), folder };
}

const told = (app: App): readonly unknown[] => {
  const { name, contract, isolation, build } = only(app);
  return [name, contract, isolation.kind === 'container' ? isolation.image : isolation.kind, build.kind];
};

suite("IronFunctions' func.yaml", () => {
  test('sources beside it are built, and run in the format that it names', async (t) => {
    const manifest = `name: me/hello
version: 0.0.1
runtime: docker
entrypoint: ./hello -v
type: sync
format: json
memory: 256
timeout: 1m5s
idle_timeout: 90
max_concurrency: 5
config: {db-url: "x:1", Mode: 1.10}
headers: {Content-Type: [text/csv, text/html], X-Route: r}
tests: [{name: one, in: a, out: b}]
`;
    const { app, folder } = await load(t, { 'func.yaml': manifest, 'hello.c': PROGRAM, 'lib/a.cpp': '', Dockerfile: 'FROM x' });
    const spec = only(app);
    assert.deepEqual(told(app), ['hello', 'stdio', 'context', 'sources']);
    assert.deepEqual(spec.build.kind === 'sources' && spec.build.sources, [folder.at('hello.c'), folder.at('lib/a.cpp')]);
    assert.deepEqual(spec.stdio, {
      mode: 'iron-json',
      cgiHeaders: true,
      combineOutput: false,
      marshalRequest: false,
      headers: { 'Content-Type': 'text/csv', 'X-Route': 'r' },
    });
    assert.deepEqual(spec.env, { ROUTE: '/hello', DB_URL: 'x:1', MODE: '1.10' });
    assert.deepEqual([spec.limits.memoryBytes, spec.limits.deadlineMs, spec.idleMs, spec.args], [256 * 2 ** 20, 65_000, 90_000, ['-v']]);
    assert.equal(app.notes, undefined);
  });

  test('without sources it is its image', async (t) => {
    const { app } = await load(t, {
      'func.yml': 'name: Me/Hello\nversion: 1.10\nformat: http\nmax_concurrency: 3\n',
      Dockerfile: 'FROM x',
    });
    assert.deepEqual(told(app), ['Hello', 'stdio', 'me/hello:1.10', 'none']);
    const { isolation, stdio } = only(app);
    assert.deepEqual([isolation.kind === 'container' && isolation.resources.instances, stdio?.mode], [3, 'iron-http']);
    assert.deepEqual(app.notes, ['Hello: its image me/hello:1.10 is not built here; build it as before, or with docker build']);
  });

  test('func.json is the same in JSON', async (t) => {
    const { app } = await load(t, { 'func.json': '{"name": "hello", "path": "/greet"}', 'a.c': PROGRAM });
    assert.deepEqual(
      [told(app), only(app).env, only(app).stdio?.mode],
      [['hello', 'stdio', 'context', 'sources'], { ROUTE: '/greet' }, 'iron'],
    );
    assert.deepEqual(app.notes, ['hello: its path /greet is only told to it (ROUTE); here it answers at /function/hello']);
  });

  test('what is accepted and does something else here is told', async (t) => {
    const { app } = await load(t, { 'func.yaml': 'name: f\ntype: async\nbuild: ["make"]\n', 'a.c': PROGRAM });
    assert.deepEqual(app.notes, [
      'f: type async is not kept to: who calls it gets its answer, not the id of a call',
      'f: the commands of build are not run; its sources are built here',
    ]);
  });
});

suite("Fn's func.yaml", () => {
  const VERSION = 'schema_version: 20180708\n';

  test('is its image, in the registry that Fn would push it to', async (t) => {
    const manifest = `${VERSION}name: hello\nversion: 0.0.2\nruntime: go\nmemory: 256\ntimeout: 20\nconfig: {Db-Url: x}\n`;
    const { app } = await load(t, { 'func.yaml': manifest, 'func.go': '' }, { FN_REGISTRY: 'example.org/me/' });
    assert.deepEqual(told(app), ['hello', 'fn', 'example.org/me/hello:0.0.2', 'none']);
    const { env, limits } = only(app);
    assert.deepEqual([env, limits.memoryBytes, limits.deadlineMs], [{ 'Db-Url': 'x' }, 256 * 2 ** 20, 20_000]);
    assert.deepEqual(app.notes, [
      'hello: its image example.org/me/hello:0.0.2 is not built here; build it with fn build, or with docker build',
    ]);
  });

  test('sources of C and C++ are built, unless a Dockerfile claims them', async (t) => {
    const plain = { 'a.c': PROGRAM };
    const manifest = `${VERSION}name: f\nversion: 1.0.0\n`;
    assert.deepEqual(told((await load(t, { ...plain, 'func.yaml': manifest })).app), ['f', 'stdio', 'context', 'sources']);
    const kit = { 'a.c': '#include <fn/fdk.h>\n', 'func.yaml': manifest };
    assert.deepEqual(told((await load(t, kit)).app), ['f', 'fn', 'context', 'sources']);
    const claimed = { ...plain, Dockerfile: 'FROM x' };
    assert.deepEqual(told((await load(t, { ...claimed, 'func.yaml': manifest })).app), ['f', 'fn', 'f:1.0.0', 'none']);
    assert.deepEqual(told((await load(t, { ...claimed, 'func.yaml': `${manifest}runtime: cpp20\n` })).app), [
      'f',
      'stdio',
      'context',
      'sources',
    ]);
    const annotated = `${manifest}annotations: {weft.isolation: process, weft.contract: http}\n`;
    assert.deepEqual(told((await load(t, { ...claimed, 'func.yaml': annotated })).app), ['f', 'http', 'process', 'sources']);
  });

  test('keys that only Fn has are enough to know it', async (t) => {
    const manifest = 'name: f\nversion: 0.0.1\nruntime: docker\ntriggers: [{name: t, type: http, source: /f}]\n';
    const { app } = await load(t, { 'func.yaml': manifest });
    assert.equal(only(app).contract, 'fn');
    assert.ok(app.notes?.includes('f: its trigger /f answers here at /function/f'));
  });

  test('annotations may be any JSON; here they are text', async (t) => {
    const files = {
      'app.yaml': 'name: shop\nannotations: {subnets: [a, b]}\n',
      'f/func.yaml': `${VERSION}name: f\nannotations: {x/y: {z: [1, null]}, n: 1.10, weft.isolation: process}
triggers: [{name: t, type: http, source: /f, annotations: {auth: {kinds: [a]}}}]\n`,
      'f/a.c': PROGRAM,
    };
    const { annotations, isolation } = only((await load(t, files)).app);
    assert.deepEqual(annotations, { 'x/y': '{"z":[1,null]}', n: '1.10', 'weft.isolation': 'process' });
    assert.equal(isolation.kind, 'process');
  });

  test('app.yaml takes in the functions below it, and gives them its config', async (t) => {
    const files = {
      'app.yaml': 'name: shop\nconfig: {A: app, B: app}\nsyslog_url: tcp://x\n',
      'one/func.yaml': `${VERSION}name: one\nversion: 0.0.1\nconfig: {B: own}\nexpects: {config: [{name: A, required: true}]}\n`,
      'one/one.c': PROGRAM,
      'deep/two/func.yaml': 'name: two\nversion: 0.0.3\nruntime: docker\n',
      'node_modules/x/func.yaml': 'oops',
    };
    const { app, folder } = await load(t, files);
    assert.deepEqual([app.name, app.dir], ['shop', folder.path]);
    assert.deepEqual(
      app.functions.map(({ name, contract, isolation, env }) => [name, contract, isolation.kind, env]),
      [
        ['two', 'fn', 'container', { A: 'app', B: 'app' }],
        ['one', 'stdio', 'context', { A: 'app', B: 'own' }],
      ],
    );
    assert.equal(app.notes?.[0], 'syslog_url: logs stay with the platform (weft logs)');
  });
});

suite('mistakes in func.yaml', () => {
  const MISTAKES: readonly (readonly [what: string, manifest: string, ...mistakes: string[]])[] = [
    ['a key that nobody knows', 'name: f\nmemry: 5\n', '2:1: unknown key "memry"; did you mean "memory"?'],
    [
      "a key of Fn's among IronFunctions'",
      'name: f\npath: /f\nformat: http\ntriggers: []\n',
      '4:1: unknown key "triggers"; known here: name, version, runtime, entrypoint, cmd, type, memory, timeout, idle_timeout, config, build, format, path, max_concurrency, headers, jwt_key, tests',
    ],
    [
      "a key of IronFunctions' among Fn's",
      'schema_version: 20180708\nname: f\nformat: http\n',
      '3:1: unknown key "format"; known here: name, version, runtime, entrypoint, cmd, type, memory, timeout, idle_timeout, config, build, schema_version, build_image, run_image, content_type, annotations, expects, triggers, deploy, signing_details',
    ],
    ['a mistyped format', 'name: f\nformat: jsn\n', '2:9: format cannot be "jsn"; it must be default, http or json; did you mean "json"?'],
    ['a time that is none', 'name: f\ntimeout: 5 minutes\n', '2:10: "5 minutes" is not a duration, such as 30s or 1m30s'],
    ['a function that would be open', 'name: f\njwt_key: secret\n', '2:1: jwt_key is not there: the function would be open to everybody'],
    ['a name that is none', 'name: me/f.g\n', '1:7: "f.g" cannot be the name of a function here: up to 63 letters, digits, "-" and "_"'],
    ['a header that is none', 'name: f\nheaders: {"a b": x}\n', '2:11: "a b" is not the name of a header field'],
    [
      'config that is expected',
      'schema_version: 20180708\nname: f\nexpects: {config: [{name: KEY, required: true}]}\n',
      '3:20: it expects "KEY" in its config, or in that of its app, and there is none',
    ],
    [
      'another trigger',
      'schema_version: 20180708\nname: f\ntriggers: [{name: t, type: timer, source: /x}]\n',
      '3:28: triggers are http, not "timer"',
    ],
    [
      'an annotation of ours, mistyped',
      'schema_version: 20180708\nname: f\nannotations: {weft.contract: stdoi}\n',
      '3:30: weft.contract cannot be "stdoi"; it must be one of weft, stdio, nightcore, functions-framework, fn, http; did you mean "stdio"?',
    ],
    [
      'a NUL',
      'name: f\nentrypoint: [a, "b\\0"]\nconfig: {"C\\0": d}\n',
      '2:17: this text has a NUL in it',
      '3:10: this key has a NUL in it',
    ],
    ['a word that is no mapping', 'hello\n', '1:1: the manifest must be a mapping, not the text "hello"'],
  ];
  for (const [what, manifest, ...expected] of MISTAKES) {
    test(`${what} is told with its place`, async (t) => {
      const folder = await AppFolder.with({ 'func.yaml': manifest, 'f.c': PROGRAM }, t);
      assert.deepEqual(await folder.mistakes(folder.load()), expected);
    });
  }

  test('an image without a name', async (t) => {
    const folder = await AppFolder.with({ 'func.yaml': 'version: 1.0.0\n' }, t);
    assert.deepEqual(await folder.mistakes(folder.load()), ['1:1: the key "name" is missing, which names the image']);
  });

  test('an app without functions, and one with two of a name', async (t) => {
    const empty = await AppFolder.with({ 'app.yaml': 'name: shop\n' }, t);
    assert.deepEqual(await empty.mistakes(empty.load()), ['1:1: there is no func.yaml in its folder or below']);
    const twice = await AppFolder.with({ 'app.yaml': 'name: shop\n', 'a/func.yaml': 'name: f\n', 'b/func.yaml': 'name: f\n' }, t);
    await assert.rejects(twice.load(), /b\/func\.yaml: a function f is there already/);
  });
});
