/** Arbitrary apps over the files of a folder, and the manifest that describes one: the loader, backwards. */
import { relative } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { App, BuildSpec, FunctionSpec, StdioOptions } from '../../src/model/app.ts';
import { MAX_MEMORY_BYTES, WASM_PAGE_BYTES } from '../../src/model/limits.ts';
import type { AppFolder } from './app-folder.ts';

type Variables = Readonly<Record<string, string>>;

/** Not of digits only: objects sort such keys, and the order of functions would be another. */
const name = fc.stringMatching(/^[A-Za-z]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?$/);
const text = fc.string({ unit: 'grapheme', maxLength: 10 }).filter((value) => !value.includes('\0'));
const word = text.filter((value) => value !== '');
const variable = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const list = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });
const oneOrMore = (...choices: string[]): fc.Arbitrary<string[]> => fc.subarray(choices, { minLength: 1 });

const common = {
  cgiHeaders: fc.constant(true),
  combineOutput: fc.constant(false),
  marshalRequest: fc.constant(false),
  headers: fc.constant({}),
};
const stdioOptions: fc.Arbitrary<StdioOptions> = fc.oneof(
  fc.record({ ...common, mode: fc.constantFrom('plain', 'streaming', 'serializing'), cgiHeaders: fc.boolean() }),
  fc.record({
    ...common,
    mode: fc.constant('classic'),
    cgiHeaders: fc.boolean(),
    combineOutput: fc.boolean(),
    marshalRequest: fc.boolean(),
  }),
  fc.record({
    ...common,
    mode: fc.constantFrom('iron', 'iron-http', 'iron-json'),
    headers: fc.constantFrom({}, { 'X-Route': 'a "b"', 'content-type': 'text/csv' }),
  }),
);

/** Its objects have the usual prototype, as those of the loader. Secrets are taken from `variables`; file names must be those of the test. */
export function appIn(folder: AppFolder, variables: Variables): fc.Arbitrary<App> {
  return fc
    .uniqueArray(name, { minLength: 1, maxLength: 5 })
    .chain((names) =>
      fc.record({
        name,
        dir: fc.constant(folder.path),
        functions: fc.tuple(...names.map((one) => functionIn(folder, one, variables))),
        merge: groupsOf(names),
      }),
    )
    .map((app) => structuredClone(app));
}

/** The names dealt into groups; groups of one are none. */
function groupsOf(names: readonly string[]): fc.Arbitrary<string[][]> {
  return fc
    .array(fc.nat(2), { minLength: names.length, maxLength: names.length })
    .map((groups) => [0, 1, 2].map((group) => names.filter((_, at) => groups[at] === group)).filter((group) => group.length > 1));
}

function functionIn(folder: AppFolder, named: string, variables: Variables): fc.Arbitrary<FunctionSpec> {
  const settings = fc.record({
    name: fc.constant(named),
    rollback: fc.constantFrom('request', 'call', 'never'),
    limits: fc.record({
      memoryBytes: fc.integer({ min: 2, max: MAX_MEMORY_BYTES / WASM_PAGE_BYTES }).map((pages) => pages * WASM_PAGE_BYTES),
      deadlineMs: fc.integer({ min: 1, max: 86_400_000 }),
      requestBytes: fc.integer({ min: 0, max: 2 ** 30 - 1 }),
      responseBytes: fc.constantFrom(0, 1000, 1024, 1_000_000, 2 ** 30),
      concurrency: fc.integer({ min: 1, max: 1_000_000 }),
      callDepth: fc.integer({ min: 1, max: 1000 }),
    }),
    env: fc.dictionary(variable, text, { maxKeys: 3, noNullPrototype: true }),
    secrets: fc.dictionary(variable, fc.constantFrom(...Object.values(variables)), { maxKeys: 3, noNullPrototype: true }),
    args: list(text),
    files: fc.constantFrom({}, { '/etc/1.txt': folder.at('data/1.txt') }),
    origins: fc.subarray(['https://a.example', 'http://127.0.0.1:9000', 'http://[::1]:8080']),
    idleMs: fc.oneof(fc.constantFrom(0, 1000, 3_600_000), fc.integer({ min: 1, max: 1_800_000_000 })),
    warm: fc.nat(1000),
  });
  const contract = fc.oneof(
    fc.constant({ contract: 'weft' as const }),
    fc.record({ contract: fc.constant('stdio' as const), contentType: fc.constantFrom('text/plain', 'application/json; charset=utf-8') }),
    fc.record({ contract: fc.constant('stdio' as const), stdio: stdioOptions }),
    fc.record({
      contract: fc.constant('nightcore' as const),
      nightcore: fc.record({ allowHttpGet: fc.boolean(), qsAsInput: fc.boolean() }),
    }),
  );
  return fc
    .tuple(settings, contract, buildIn(folder))
    .map(([given, how, build]) => ({ ...given, ...how, isolation: { kind: 'context' as const }, build }));
}

function buildIn(folder: AppFolder): fc.Arbitrary<BuildSpec> {
  const paths = (...names: string[]): string[] => names.map((one) => folder.at(one));
  return fc.oneof(
    fc.record({
      kind: fc.constant('sources' as const),
      sources: oneOrMore(...paths('a.c', 'b.cpp', 'sub/c d.cc')),
      includeDirs: fc.subarray(paths('inc', 'data', '.')),
      defines: list(fc.constantFrom('A', 'A=1', 'F(x)=x', 'T="a b"')),
      flags: list(word),
      linkFlags: list(word),
      libraries: fc.subarray(paths('lib.a')),
      cStandard: fc.constantFrom('c17', 'c23'),
      cppStandard: fc.constantFrom('c++20', 'c++23'),
      stackBytes: fc.integer({ min: 256, max: 8191 }).map((blocks) => blocks * 16),
    }),
    fc.constant({ kind: 'wasm' as const, path: folder.at('m.wasm') }),
    fc.record({
      kind: fc.constantFrom('cmake' as const, 'make' as const),
      dir: fc.constant(folder.at('project')),
      target: fc.constantFrom('all', 'out/f.wasm', 'a_b.c+'),
      args: list(text),
    }),
  );
}

export function printed(app: App, variables: Variables): string {
  return stringify({
    app: app.name,
    functions: Object.fromEntries(app.functions.map((fn) => [fn.name, describe(fn, app.dir, variables)])),
    ...(app.merge.length > 0 ? { merge: app.merge } : {}),
  });
}

function describe(fn: FunctionSpec, dir: string, variables: Variables): object {
  const { name: _, isolation: _context, build, limits, secrets, idleMs, files, stdio, ...same } = fn;
  const holder = (value: string): string => Object.keys(variables).find((key) => variables[key] === value) ?? '';
  return {
    ...describeBuild(build, dir),
    ...same,
    ...(stdio === undefined ? {} : { stdio: describeStdio(stdio) }),
    limits: {
      memory: `${limits.memoryBytes / 1024}KiB`,
      deadline: `${limits.deadlineMs}ms`,
      request: `${limits.requestBytes}B`,
      response: `${limits.responseBytes / 1000}KB`,
      concurrency: limits.concurrency,
      callDepth: limits.callDepth,
    },
    secrets: Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, { fromEnv: holder(value) }])),
    files: Object.fromEntries(Object.entries(files).map(([guest, host]) => [guest, relative(dir, host)])),
    idle: idleMs === 0 ? 'never' : `${idleMs}ms`,
  };
}

/** Without what is as by default: some of it does not go with the mode. */
function describeStdio({ mode, cgiHeaders, combineOutput, marshalRequest, headers }: StdioOptions): object {
  return {
    mode,
    ...(cgiHeaders ? {} : { cgiHeaders }),
    ...(combineOutput ? { combineOutput } : {}),
    ...(marshalRequest ? { marshalRequest } : {}),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

function describeBuild(build: BuildSpec, dir: string): object {
  if (build.kind === 'wasm') return { wasm: build.path };
  if (build.kind === 'executable' || build.kind === 'none') throw new TypeError('only functions in contexts are made here');
  if (build.kind !== 'sources') return { [build.kind]: { dir: build.dir, target: build.target, args: build.args } };
  const { kind: _, sources, includeDirs, cStandard, cppStandard, stackBytes, ...same } = build;
  return {
    sources: sources.map((path) => relative(dir, path)),
    include: includeDirs,
    std: [cStandard, cppStandard],
    stack: `${stackBytes}B`,
    ...same,
  };
}
