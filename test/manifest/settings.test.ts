import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AppFolder, only } from './app-folder.ts';

const FILES = {
  'src/a.c': '#include <weft/v1.h>\n',
  'src/b.cpp': '',
  'src/deep/c.c': '',
  'src/.hidden/d.c': '',
  'src/node_modules/e.c': '',
  'src/notes.txt': '',
  'src/[x].c': '',
  'src/x.c': '',
  'include/a.h': '',
  'lib/libz.a': '',
  'module.wasm': '',
  'project/CMakeLists.txt': '',
  'project/Makefile': '',
};

suite('settings of a function', () => {
  test('all of them', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const app = await folder.loadYaml(
      `app: everything
functions:
  f:
    contract: stdio
    sources: [src/a.c, src/b.cpp]
    include: [include]
    defines: [FAST, LEVEL=3, 'ADD(a,b)=((a)+(b))', 'TEXT="a b"']
    flags: [-O3, -ffast-math]
    linkFlags: [-lm]
    libraries: [lib/libz.a]
    std: [c++23, c23]
    stack: 128KiB
    rollback: never
    limits: { memory: 100MB, deadline: 1.5s, request: 0B, response: 1GiB, concurrency: 3, callDepth: 2 }
    env: { HOME: /, EMPTY: '' }
    secrets: { KEY: { fromEnv: MY_KEY } }
    args: ['', -v, "two words"]
    contentType: text/plain; charset=utf-8
    origins: ['https://api.example.com:443', 'http://127.0.0.1:9000', 'http://[::1]:80']
    idle: 2h
    warm: 0
`,
      { MY_KEY: 's3cret' },
    );
    assert.deepEqual(only(app), {
      name: 'f',
      contract: 'stdio',
      isolation: { kind: 'context' },
      build: {
        kind: 'sources',
        sources: [folder.at('src/a.c'), folder.at('src/b.cpp')],
        includeDirs: [folder.at('include')],
        defines: ['FAST', 'LEVEL=3', 'ADD(a,b)=((a)+(b))', 'TEXT="a b"'],
        flags: ['-O3', '-ffast-math'],
        linkFlags: ['-lm'],
        libraries: [folder.at('lib/libz.a')],
        cStandard: 'c23',
        cppStandard: 'c++23',
        stackBytes: 128 * 1024,
      },
      limits: {
        memoryBytes: 1525 * 65_536,
        deadlineMs: 1500,
        requestBytes: 0,
        responseBytes: 2 ** 30,
        concurrency: 3,
        callDepth: 2,
      },
      rollback: 'never',
      env: { HOME: '/', EMPTY: '' },
      secrets: { KEY: 's3cret' },
      args: ['', '-v', 'two words'],
      contentType: 'text/plain; charset=utf-8',
      files: {},
      origins: ['https://api.example.com', 'http://127.0.0.1:9000', 'http://[::1]'],
      idleMs: 7_200_000,
      warm: 0,
    });
  });

  test('a module, a CMake project and a Makefile', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const app = await folder.loadYaml(`app: a
functions:
  m: { wasm: module.wasm }
  c: { cmake: { dir: project, target: image, args: [-DFAST=1] }, contract: weft }
  p: { make: { dir: ./project } }
`);
    assert.deepEqual(
      app.functions.map(({ contract, build }) => ({ contract, build })),
      [
        { contract: 'stdio', build: { kind: 'wasm', path: folder.at('module.wasm') } },
        { contract: 'weft', build: { kind: 'cmake', dir: folder.at('project'), target: 'image', args: ['-DFAST=1'] } },
        { contract: 'stdio', build: { kind: 'make', dir: folder.at('project'), target: 'p', args: [] } },
      ],
    );
  });

  test('processes and containers, with what they need and what they get unasked', async (t) => {
    const folder = await AppFolder.with({ ...FILES, 'out/.keep': '' }, t);
    const app = await folder.loadYaml(`app: a
functions:
  filter: { isolation: process, sources: [src/b.cpp] }
  server:
    executable: module.wasm
    listen: 9000
    sandbox: relaxed
    network: host
    workDir: /work
    mounts: { /work: { from: out, writable: true }, /ro: lib }
    health: /healthz
    limits: { processes: 5, cpus: 0.5, openFiles: 100, instances: 2, memory: 1GiB }
  old: { image: 'registry.example.com/team/old:1', listen: 8080, args: [serve, -v] }
  fn: { image: fn, contract: fn, network: none, freeze: never }
`);
    assert.deepEqual(
      app.functions.map(({ contract, isolation, build, limits }) => ({ contract, isolation, kind: build.kind, bytes: limits.memoryBytes })),
      [
        {
          contract: 'stdio',
          isolation: {
            kind: 'process',
            sandbox: 'strict',
            network: 'none',
            mounts: [],
            workDir: '/tmp',
            resources: { processes: 64, cpus: 0, openFiles: 1024, instances: 16 },
          },
          kind: 'sources',
          bytes: 128 * 2 ** 20,
        },
        {
          contract: 'http',
          isolation: {
            kind: 'process',
            sandbox: 'relaxed',
            network: 'host',
            mounts: [
              { from: folder.at('out'), to: '/work', writable: true },
              { from: folder.at('lib'), to: '/ro', writable: false },
            ],
            workDir: '/work',
            listen: { kind: 'port', port: 9000 },
            resources: { processes: 5, cpus: 0.5, openFiles: 100, instances: 2, healthPath: '/healthz' },
          },
          kind: 'executable',
          bytes: 2 ** 30,
        },
        {
          contract: 'http',
          isolation: {
            kind: 'container',
            image: 'registry.example.com/team/old:1',
            command: ['serve', '-v'],
            port: 8080,
            network: 'bridge',
            mounts: [],
            resources: { processes: 64, cpus: 0, openFiles: 1024, instances: 16 },
          },
          kind: 'none',
          bytes: 128 * 2 ** 20,
        },
        {
          contract: 'fn',
          isolation: {
            kind: 'container',
            image: 'fn',
            network: 'none',
            freezeMs: 0,
            mounts: [],
            resources: { processes: 50, cpus: 0, openFiles: 350, instances: 16 },
          },
          kind: 'none',
          bytes: 128 * 2 ** 20,
        },
      ],
    );
  });

  const patterns = [
    ['[src/*.c]', ['src/[x].c', 'src/a.c', 'src/x.c']],
    ["['src/**/*.{c,cpp}']", ['src/[x].c', 'src/a.c', 'src/b.cpp', 'src/deep/c.c', 'src/x.c']],
    ['[src/b.cpp, src/*]', ['src/b.cpp', 'src/[x].c', 'src/a.c', 'src/x.c']],
    ["['src/[x].c']", ['src/[x].c']],
    ["['src/[a-b].*']", ['src/a.c', 'src/b.cpp']],
    ['[src/../src/a.c, src/a.c]', ['src/a.c']],
  ] as const;
  for (const [sources, expected] of patterns) {
    test(`sources: ${sources}`, async (t) => {
      const folder = await AppFolder.with(FILES, t);
      const { build } = only(await folder.loadYaml(`app: a\nfunctions: {f: {sources: ${sources}}}`));
      assert.deepEqual(
        build.kind === 'sources' && build.sources,
        expected.map((path) => folder.at(path)),
      );
    });
  }

  test('defaults: a mapping is merged, all else is replaced, and what does not apply does no harm', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const app = await folder.loadYaml(
      `app: a
defaults:
  contract: weft
  flags: [-O3]
  defines: [A]
  std: c23
  stack: 32KiB
  rollback: call
  limits: { memory: 1MiB, deadline: 1s }
  env: { A: '1', B: '1' }
  secrets: { S: { fromEnv: ONE }, T: { fromEnv: ONE } }
  origins: ['http://a']
  idle: never
  warm: 3
functions:
  f: { sources: [src/a.c] }
  g:
    sources: [src/a.c]
    contract: stdio
    flags: [-g]
    rollback: never
    limits: { deadline: 2s }
    env: { B: '2', C: '2' }
    secrets: { T: { fromEnv: TWO } }
    origins: []
    idle: 1ms
  m: { wasm: module.wasm }
`,
      { ONE: 'one', TWO: 'two' },
    );
    const [f, g, m] = app.functions;
    assert.ok(f?.build.kind === 'sources' && g?.build.kind === 'sources' && m);
    assert.deepEqual([f.build.flags, f.build.defines, f.build.cStandard, f.build.stackBytes], [['-O3'], ['A'], 'c23', 32_768]);
    assert.deepEqual([f.contract, f.rollback, f.idleMs, f.warm, f.origins], ['weft', 'call', 0, 3, ['http://a']]);
    assert.deepEqual([f.limits.memoryBytes, f.limits.deadlineMs], [2 ** 20, 1000]);
    assert.deepEqual(
      [f.env, f.secrets],
      [
        { A: '1', B: '1' },
        { S: 'one', T: 'one' },
      ],
    );
    assert.deepEqual([g.build.flags, g.build.defines], [['-g'], ['A']]);
    assert.deepEqual([g.contract, g.rollback, g.idleMs, g.warm, g.origins], ['stdio', 'never', 1, 3, []]);
    assert.deepEqual([g.limits.memoryBytes, g.limits.deadlineMs], [2 ** 20, 2000]);
    assert.deepEqual(
      [g.env, g.secrets],
      [
        { A: '1', B: '2', C: '2' },
        { S: 'one', T: 'two' },
      ],
    );
    assert.deepEqual([m.contract, m.build.kind, m.limits.memoryBytes], ['weft', 'wasm', 2 ** 20]);
  });

  test("a function of contract nightcore has that contract's switches", async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const load = async (extra: string) =>
      only(await folder.loadYaml(`app: a\nfunctions: {f: {sources: [src/a.c], contract: nightcore${extra}}}`)).nightcore;
    assert.deepEqual(await load(''), { allowHttpGet: false, qsAsInput: false });
    assert.deepEqual(await load(', nightcore: {qsAsInput: true}'), { allowHttpGet: false, qsAsInput: true });
  });

  test('a small memory gets a stack that fits', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const { build, limits } = only(await folder.loadYaml('app: a\nfunctions: {f: {sources: [src/a.c], limits: {memory: 64KiB}}}'));
    assert.ok(build.kind === 'sources');
    assert.equal(limits.memoryBytes, 65_536);
    assert.ok(build.stackBytes < limits.memoryBytes);
  });

  test('an alias stands for what its anchor marks', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const app = await folder.loadYaml(`app: a
functions:
  f: &f { sources: [src/a.c], limits: &small { memory: 1MiB } }
  g: { sources: [src/b.cpp], limits: *small }
  h: *f
`);
    assert.deepEqual(
      app.functions.map((fn) => fn.limits.memoryBytes),
      [2 ** 20, 2 ** 20, 2 ** 20],
    );
  });
});
