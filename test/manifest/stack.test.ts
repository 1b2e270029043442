/** OpenFaaS's stack.yaml, taken as it is. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { substitute } from '../../src/manifest/foreign/substitution.ts';
import type { App } from '../../src/model/app.ts';
import { AppFolder, only, refusal } from './app-folder.ts';

const PROGRAM = '#include <stdio.h>\nint main(void) { return 0; }\n';
const FILES = {
  'upper/main.c': PROGRAM,
  'upper/deep/help.cpp': '',
  'upper/help.h': '',
  'weft/handler.c': '#include <weft/v1.h>\n',
  'site/index.html': 'x',
  'site/css/a.css': 'y',
  'built/public/b.html': 'z',
  'bare/README': '',
  '.secrets/api-key': 'hush',
};

const stack = (functions: string): string =>
  `version: 1.0\nprovider:\n  name: openfaas\n  gateway: http://127.0.0.1:8080\nfunctions:\n${functions}`;
const fn = (lines: string): string => stack(`  f:\n${lines.replace(/^/gm, '    ')}\n`);
const C = 'lang: c\nhandler: ./upper\n';

async function load(
  t: TestContext,
  manifest: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ app: App; folder: AppFolder }> {
  const folder = await AppFolder.with({ ...FILES, 'stack.yaml': manifest }, t);
  return { app: await folder.load(environment), folder };
}

suite("OpenFaaS's stack.yaml", () => {
  test('a handler in C or C++ is built, with the platform in place of the classic watchdog', async (t) => {
    const { app, folder } = await load(t, fn(`${C}image: me/f:0.1\nfprocess: ./main -n 3`));
    const spec = only(app);
    assert.deepEqual([spec.name, spec.contract, spec.isolation, spec.args], ['f', 'stdio', { kind: 'context' }, ['-n', '3']]);
    assert.deepEqual(spec.stdio, { mode: 'classic', cgiHeaders: true, combineOutput: true, marshalRequest: false, headers: {} });
    assert.ok(spec.build.kind === 'sources');
    assert.deepEqual(spec.build.sources, [folder.at('upper/deep/help.cpp'), folder.at('upper/main.c')]);
    assert.deepEqual(spec.build.includeDirs, [folder.at('upper')]);
    assert.equal(app.notes, undefined);
  });

  test('what the watchdog reads from the environment is kept to', async (t) => {
    const lines = [
      'environment:',
      '  mode: serializing',
      '  cgi_headers: false',
      '  content_type: text/csv',
      '  exec_timeout: 1m30s',
      '  write_timeout: 5',
      '  max_inflight: 7',
      '  RATIO: 1.10',
      '  EMPTY:',
    ];
    const spec = only((await load(t, fn(C + lines.join('\n')))).app);
    assert.deepEqual([spec.stdio?.mode, spec.stdio?.cgiHeaders, spec.stdio?.combineOutput], ['serializing', false, false]);
    assert.deepEqual([spec.contentType, spec.limits.deadlineMs, spec.limits.concurrency], ['text/csv', 90_000, 7]);
    assert.deepEqual([spec.env['RATIO'], spec.env['EMPTY'], spec.env['mode']], ['1.10', '', 'serializing']);
    const other = only(
      (await load(t, fn(`${C}environment: {mode: "", combine_output: "false", marshal_request: "true", write_timeout: 2s}`))).app,
    );
    assert.deepEqual([other.stdio?.mode, other.stdio?.combineOutput, other.stdio?.marshalRequest], ['classic', false, true]);
    assert.equal(other.limits.deadlineMs, 2000);
  });

  test('sources say themselves for which contract they are written; annotations have the last word', async (t) => {
    const manifest = stack(`  a: {lang: cpp, handler: weft}
  b: {lang: c, handler: upper, annotations: {weft.isolation: process}}
  c: {lang: python3, handler: upper, annotations: {weft.isolation: context, weft.contract: nightcore}}
  d: {lang: c-http, handler: upper, environment: {mode: http, upstream_url: "http://127.0.0.1:5000"}}
`);
    const { app } = await load(t, manifest);
    assert.deepEqual(
      app.functions.map(({ name, contract, isolation, stdio }) => [name, contract, isolation.kind, stdio?.mode]),
      [
        ['a', 'weft', 'context', undefined],
        ['b', 'stdio', 'process', 'classic'],
        ['c', 'nightcore', 'context', undefined],
        ['d', 'http', 'process', undefined],
      ],
    );
    const { isolation } = app.functions[3] ?? {};
    assert.deepEqual(isolation?.kind === 'process' && isolation.listen, { kind: 'port', port: 5000 });
  });

  test('any other is its image, which has a watchdog in it', async (t) => {
    const manifest = stack(`  py:
    lang: python3-http
    handler: ./py
    image: example.org/me/py:1
    environment: {exec_timeout: 1m}
    limits: {memory: 256Mi, cpu: 500m}
    labels: {com.openfaas.scale.min: 2, com.openfaas.scale.max: "4", com.openfaas.scale.zero: "false"}
  c:
    lang: c
    handler: upper
    image: me/c
    skip_build: true
    fprocess: sha512sum -
`);
    const { app } = await load(t, manifest);
    const [py, c] = app.functions;
    assert.ok(py?.isolation.kind === 'container' && c?.isolation.kind === 'container');
    assert.deepEqual(
      [py.contract, py.build, py.isolation.image, py.isolation.port],
      ['http', { kind: 'none' }, 'example.org/me/py:1', 8080],
    );
    assert.deepEqual([py.limits.memoryBytes, py.isolation.resources.cpus, py.isolation.resources.instances], [256 * 2 ** 20, 0.5, 4]);
    assert.deepEqual([py.warm, py.idleMs, py.limits.deadlineMs], [2, 0, 65_000]);
    assert.deepEqual(py.labels, { 'com.openfaas.scale.min': '2', 'com.openfaas.scale.max': '4', 'com.openfaas.scale.zero': 'false' });
    assert.deepEqual([c.isolation.image, c.env], ['me/c', { fprocess: 'sha512sum -' }]);
    assert.deepEqual(app.notes, ['py: its image example.org/me/py:1 is not built here; build it as before, or with docker build']);
  });

  test('mode static serves files: those at static_path, or all of the handler', async (t) => {
    const { app, folder } = await load(
      t,
      stack(`  a: {lang: c, handler: site, environment: {mode: static}}
  b: {lang: node, handler: built, image: x, environment: {static_path: /home/app/public}, annotations: {weft.isolation: static}}
`),
    );
    assert.deepEqual(
      app.functions.map(({ isolation, files }) => [isolation, files]),
      [
        [
          { kind: 'static', root: '/public' },
          { '/public/css/a.css': folder.at('site/css/a.css'), '/public/index.html': folder.at('site/index.html') },
        ],
        [{ kind: 'static', root: '/public' }, { '/public/b.html': folder.at('built/public/b.html') }],
      ],
    );
  });

  test('secrets are files, from the folder that its tool takes for a local run', async (t) => {
    const { app, folder } = await load(t, fn(`${C}secrets: [api-key]`));
    assert.deepEqual(only(app).files, { '/var/openfaas/secrets/api-key': folder.at('.secrets/api-key') });
  });

  test('variables of the environment are replaced in the text, before it is read', async (t) => {
    const manifest = fn(
      `lang: c\nhandler: \${DIR:-upper}\nskip_build: \${SKIP:-false}\nenvironment: {A: "\${A}", B: "\${B:-b}", C: "$\${A}", D: "\${NONE}"}`,
    );
    const { app } = await load(t, manifest, { A: 'value of a', B: '' });
    assert.deepEqual(only(app).env, { A: 'value of a', B: 'b', C: '${A}', D: '' });
  });

  test('environment files go over what stands in the manifest', async (t) => {
    const folder = await AppFolder.with({ ...FILES, 'env.yml': 'environment:\n  A: file\n  N: 0x10\n' }, t);
    await folder.write('stack.yml', fn(`${C}environment: {A: here, B: here}\nenvironment_file: [env.yml]`));
    assert.deepEqual(only(await folder.load()).env, { A: 'file', B: 'here', N: '0x10' });
  });

  test('a namespace is the app; else the folder is', async (t) => {
    assert.equal((await load(t, fn(`${C}namespace: shop`))).app.name, 'shop');
    assert.match((await load(t, fn(C))).app.name, /^weft-manifest-/);
  });

  test('a file of any name is known by what is in it', async (t) => {
    const folder = await AppFolder.with({ ...FILES, 'shop.yml': fn(C) }, t);
    const { loadApp } = await import('../../src/manifest/index.ts');
    assert.equal(only(await loadApp(folder.at('shop.yml'))).contract, 'stdio');
  });

  test('what is accepted and does something else here is told', async (t) => {
    const lines =
      'build_args: {X: 1}\nconstraints: ["node == a"]\nlimits: {cpu: 100m, memory: 40M}\nrequests: {cpu: 10m}\nplatforms: linux/arm64';
    const { app } = await load(t, fn(C + lines));
    assert.deepEqual(app.notes, [
      'f: limits.cpu does not hold for a context: its time is bounded by its deadline, and shared in slices',
      'f: constraints choose nodes of a cluster; here there is one',
      'f: build_args are for building an image, and nothing is made of them here',
    ]);
    assert.equal(only(app).limits.memoryBytes, 610 * 65_536);
  });

  const MISTAKES: readonly (readonly [what: string, manifest: string, ...mistakes: string[]])[] = [
    ['a mistyped key', fn(`${C}enviroment: {}`), '9:5: unknown key "enviroment" in functions.f; did you mean "environment"?'],
    ['a key at the top', `${fn(C)}merge: []\n`, '10:1: unknown key "merge"; known here: version, provider, functions, configuration'],
    [
      'another provider',
      'provider: {name: lambda}\nfunctions:\n  f: {lang: c, handler: upper}\n',
      '1:18: the provider must be openfaas, not "lambda"',
    ],
    ['no function', 'provider: {name: openfaas}\nfunctions: {}\n', '2:12: functions is empty; an app has at least one function'],
    [
      'a name that is none',
      stack('  f.g: {lang: c, handler: upper}\n'),
      '6:3: "f.g" cannot be the name of a function here: up to 63 letters, digits, "-" and "_"',
    ],
    ['nothing to run', fn('lang: python3\nhandler: x'), '7:5: f has no image, and its lang "python3" is none that is built here: c, cpp'],
    [
      'a handler that is not there',
      fn('lang: c\nhandler: ./uper'),
      '8:14: cannot use the folder "./uper": there is no such file or folder; did you mean "upper"?',
    ],
    ['a handler without sources', fn('lang: c\nhandler: ./bare'), '8:14: there is no C or C++ source in "./bare"'],
    [
      'a mistyped mode',
      fn(`${C}environment: {mode: streeming}`),
      '9:25: "streeming" is no mode of of-watchdog: streaming, serializing, http, static, inproc; did you mean "streaming"?',
    ],
    ['a watchdog inside', fn(`${C}environment: {mode: inproc}`), '9:25: mode inproc is for programs in Go that contain the watchdog'],
    [
      'a server that says not where',
      fn(`${C}environment: {mode: http}`),
      '9:18: mode http needs upstream_url, where the program listens, such as http://127.0.0.1:5000',
    ],
    [
      'a server in a context',
      fn(`${C}environment: {mode: http, upstream_url: "http://x:1"}\nannotations: {weft.isolation: context}`),
      '10:35: a server (mode http) cannot be a context: it needs a network',
    ],
    [
      'a function that would be open',
      fn(`${C}environment: {jwt_auth: true}`),
      '9:29: jwt_auth is not there: the function would be open to everybody',
    ],
    ['a time that is none', fn(`${C}environment: {exec_timeout: soon}`), '9:33: "soon" is not a duration, such as 30s or 1m30s'],
    ['a limit that is none', fn(`${C}environment: {max_inflight: many}`), '9:33: "many" is not a number of requests'],
    ['a size that is none', fn(`${C}limits: {memory: 128Mo}`), '9:22: "128Mo" is not a size, such as 128Mi'],
    ['processors that are none', fn(`${C}limits: {cpu: half}`), '9:19: "half" is no number of processors, such as 500m or 0.5'],
    ['a GPU', fn(`${C}limits: {nvidia.com/gpu: 1}`), '9:14: limits.nvidia.com/gpu: there is no access to a GPU here'],
    [
      'an annotation of ours, mistyped',
      fn(`${C}annotations: {weft.isolaton: process}`),
      '9:19: unknown annotation "weft.isolaton"; did you mean "weft.isolation"?',
    ],
    [
      'a value of it, mistyped',
      fn(`${C}annotations: {weft.isolation: proces}`),
      '9:35: weft.isolation cannot be "proces"; it must be one of context, process, container, static; did you mean "process"?',
    ],
    [
      'a secret that is not there',
      fn(`${C}secrets: [api-key, db-key]`),
      '9:24: the secret "db-key" is taken from the file .secrets/db-key beside the manifest, which is not there',
    ],
    ['a secret elsewhere', fn(`${C}secrets: [../../etc/passwd]`), '9:15: the name of a secret has letters, digits, "-", "_" and "." only'],
    [
      'an environment file that is not there',
      fn(`${C}environment_file: [env.yml]`),
      '9:24: cannot use the file "env.yml": there is no such file or folder',
    ],
    ['an image that is none', fn('image: "a b"'), '7:12: "a b" is not the name of an image'],
    ['replicas that are none', fn(`${C}labels: {com.openfaas.scale.min: two}`), '9:38: "two" is not a number of replicas'],
    [
      'two namespaces',
      stack('  a: {lang: c, handler: upper, namespace: x}\n  b: {lang: c, handler: upper, namespace: y}\n'),
      '7:43: the functions of one file are one app, and so have one namespace: "x" is another',
    ],
    ['a list for a mapping', fn(`${C}environment: [A=1]`), '9:18: functions.f.environment must be a mapping, not a list'],
  ];
  for (const [what, manifest, ...expected] of MISTAKES) {
    test(`${what} is told with its place`, async (t) => {
      const folder = await AppFolder.with({ ...FILES, 'stack.yaml': manifest }, t);
      assert.deepEqual(await folder.mistakes(folder.load()), expected);
    });
  }

  test('a place is that of the text as its author wrote it, whatever the variables hold', async (t) => {
    const folder = await AppFolder.with(
      { ...FILES, 'stack.yaml': fn('lang: c\nhandler: upper\nenvironment: {A: "${LONG}", mode: oops}') },
      t,
    );
    const { message } = await refusal(folder.load({ LONG: 'x'.repeat(500) }));
    assert.match(message, /stack\.yaml:9:39: "oops" is no mode/);
  });
});

suite('replaced variables', () => {
  test('what every object has is no variable of the environment', () => {
    const { text } = substitute('${toString} ${constructor:-other} ${__proto__}', {});
    assert.equal(text, ' other ');
  });

  test('every place behind a replacement is the place of the same text before it', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme-ascii' }).filter((text) => !/[${}]/.test(text)),
      fc.constantFrom('${A}', '${B:-other}', '${NONE}', '$${A}'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.string({ maxLength: 5 }), (pieces, a) => {
        const original = pieces.join('');
        const { text, offsetOf } = substitute(original, { A: a.replace(/[${}]/g, ''), B: 'b' });
        let [to, from] = [0, 0];
        for (const one of pieces) {
          const made = substitute(one, { A: a.replace(/[${}]/g, ''), B: 'b' }).text;
          if (!one.startsWith('$') && one !== '') assert.equal(offsetOf(to), from);
          to += made.length;
          from += one.length;
        }
        assert.equal(text.length, to);
      }),
    );
  });
});
