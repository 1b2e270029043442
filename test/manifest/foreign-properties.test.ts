/** Manifests of other platforms in any shape: loaded, or refused at places that are in them. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { loadApp } from '../../src/manifest/index.ts';
import { recordSchema } from '../../src/registry/record.ts';
import type { App } from '../../src/model/app.ts';
import { WeftError } from '../../src/model/errors.ts';
import { AppFolder } from './app-folder.ts';
import { mutated } from './manifests.ts';

const FILES = { 'c/main.c': '', 'site/index.html': '', 'env.yml': 'environment: {A: b}\n', '.secrets/key': 'x', '.secrets/fine': 'y' };

const some = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [], noNullPrototype: true });
const name = fc.stringMatching(/^[A-Za-z0-9][-_A-Za-z0-9]{0,8}$/);
const text = fc.string({ maxLength: 6 }).filter((value) => !value.includes('\0'));
const scalar = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true }));
const texts = fc.dictionary(fc.stringMatching(/^[A-Za-z_]{1,6}$/), scalar, { maxKeys: 3, noNullPrototype: true });
const time = fc.constantFrom<string | number>('30s', '1m30s', '0', 5, '250ms', '0s');
const resources = some({ memory: fc.constantFrom('64Mi', '1G', '40m', '1'), cpu: fc.constantFrom<string | number>('100m', 0.5, 1) });

const stackFunction = some({
  lang: fc.constantFrom('c', 'cpp-debian', 'python3', 'dockerfile'),
  handler: fc.constantFrom('c', './c', 'site', 'none'),
  image: fc.constantFrom('a', 'example.org/a/b:1'),
  fprocess: fc.constantFrom('./a -b  c', 'cat'),
  environment: fc
    .tuple(
      texts,
      some({
        mode: fc.constantFrom('', 'streaming', 'serializing', 'http', 'static'),
        exec_timeout: time,
        write_timeout: time,
        max_inflight: fc.constantFrom(0, 5),
        upstream_url: fc.constant('http://127.0.0.1:5000'),
        content_type: fc.constant('text/plain'),
        combine_output: fc.constantFrom<string | boolean>(true, 'false'),
      }),
    )
    .map(([own, known]) => ({ ...own, ...known })),
  environment_file: fc.subarray(['env.yml']),
  secrets: fc.subarray(['key', 'fine']),
  skip_build: fc.boolean(),
  labels: texts,
  annotations: some({ 'weft.isolation': fc.constantFrom('context', 'process', 'container', 'static'), topic: text }),
  limits: resources,
  requests: resources,
  namespace: fc.constantFrom('space'),
});
const stack = fc.record({
  version: fc.constant(1),
  provider: fc.constant({ name: 'openfaas', gateway: 'http://x' }),
  functions: fc.dictionary(name, stackFunction, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
});

const common = {
  name: fc.oneof(
    name,
    name.map((one) => `me/${one}`),
  ),
  version: fc.constantFrom<string | number>('0.0.1', 1.1),
  runtime: fc.constantFrom('go', 'docker', 'c', 'cpp'),
  entrypoint: fc.constantFrom<unknown>('./a -b', ['a', 'b c']),
  memory: fc.integer({ min: 1, max: 4096 }),
  timeout: time,
  idle_timeout: time,
  config: texts,
};
const func = fc.oneof(
  some({
    ...common,
    format: fc.constantFrom('default', 'http', 'json'),
    path: fc.constantFrom('/a', 'b'),
    headers: fc.dictionary(fc.constantFrom('X-A', 'content-type'), fc.constantFrom<unknown>('a', ['b', 'c']), { noNullPrototype: true }),
    max_concurrency: fc.integer({ min: 1, max: 10 }),
  }),
  some({
    ...common,
    schema_version: fc.constant(20180708),
    triggers: fc.constantFrom([], [{ name: 't', type: 'http', source: '/t' }]),
    annotations: some({
      'weft.isolation': fc.constantFrom('context', 'process', 'container'),
      'weft.contract': fc.constantFrom('fn', 'stdio'),
    }),
  }),
);

suite('properties of manifests of other platforms', () => {
  for (const [file, arbitrary, folderOf] of [
    ['stack.yaml', stack, '.'],
    ['func.yaml', func, 'c'],
    ['func.json', func, 'site'],
  ] as const) {
    const shown = (value: unknown): string => (file.endsWith('json') ? JSON.stringify(value) : stringify(value));

    test(`${file}: what is loaded is what a platform takes; all else is refused with WEFT_MANIFEST, at a place`, async (t) => {
      const folder = await AppFolder.with(FILES, t);
      let loaded = 0;
      await fc.assert(
        fc.asyncProperty(arbitrary, async (value) => {
          const app = await loadsOrRefuses(folder, `${folderOf}/${file}`, shown(value));
          if (app) loaded++;
        }),
        { numRuns: 150 },
      );
      assert.ok(loaded > 10, `${loaded} were loaded`);
    });

    test(`${file}: so is one in which something was changed`, async (t) => {
      const folder = await AppFolder.with(FILES, t);
      await fc.assert(
        fc.asyncProperty(mutated(arbitrary), async (value) => void (await loadsOrRefuses(folder, `${folderOf}/${file}`, shown(value)))),
        { numRuns: 150 },
      );
    });
  }
});

async function loadsOrRefuses(folder: AppFolder, file: string, manifest: string): Promise<App | undefined> {
  await folder.write(file, manifest);
  try {
    const app = await loadApp(folder.at(file), { SET: 'x' });
    checkTaken(app);
    return app;
  } catch (error) {
    assert.ok(error instanceof WeftError && error.code === 'WEFT_MANIFEST', String(error));
    const { line } = error.details;
    if (line !== undefined) assert.ok(typeof line === 'number' && line >= 1 && line <= manifest.split('\n').length, String(error));
    return undefined;
  }
}

/** As the registry and the admin API check it. */
function checkTaken(app: App): void {
  const functions = app.functions.map(({ build: _build, files: _files, labels = {}, annotations = {}, ...settings }) => ({
    settings: structuredClone(settings),
    files: {},
    labels,
    annotations,
  }));
  recordSchema.parse({ format: 1, app: app.name, version: 1, deployedAt: 0, functions, merge: app.merge });
}
