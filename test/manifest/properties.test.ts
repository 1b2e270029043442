import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { loadApp } from '../../src/manifest/index.ts';
import type { App } from '../../src/model/app.ts';
import { WeftError } from '../../src/model/errors.ts';
import { AppFolder } from './app-folder.ts';
import { appIn, printed } from './apps.ts';
import { manifestLike, mutated } from './manifests.ts';

const FILES = {
  'a.c': '#include <weft/v1.h>\n',
  'b.cpp': '',
  'sub/c d.cc': '',
  'lib.a': '',
  'm.wasm': '',
  'inc/x.h': '',
  'project/CMakeLists.txt': '',
  'project/Makefile': '',
  'data/1.txt': '',
};
const ENVIRONMENT = { ONE: 'first secret', TWO: '' };

suite('properties', () => {
  test('an app that is printed as a manifest is loaded as the same app', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    await fc.assert(
      fc.asyncProperty(appIn(folder, ENVIRONMENT), async (app) => {
        assert.deepEqual(await folder.loadYaml(printed(app, ENVIRONMENT), ENVIRONMENT), app);
      }),
      { numRuns: 100 },
    );
  });

  test('a manifest of any shape is loaded, or refused with WEFT_MANIFEST at places that are in it', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    await fc.assert(
      fc.asyncProperty(mutated(manifestLike), async (manifest) => loadsOrRefuses(folder, stringify(manifest))),
      { numRuns: 120 },
    );
  });

  test('so is one with a few characters changed', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const piece = fc.oneof(
      fc.constantFrom('\t', ': ', '- ', '*a', '&a ', '[', '}', '"', '\n', '\r', '---\n', '!!x ', '? ', '|', '# ', '%', '<<: '),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    const edit = fc.record({ at: fc.nat(), drop: fc.nat(5), piece });
    await fc.assert(
      fc.asyncProperty(appIn(folder, ENVIRONMENT), fc.array(edit, { minLength: 1, maxLength: 4 }), async (app, edits) => {
        const text = edits.reduce(
          (before, { at, drop, piece: put }) => {
            const place = at % (before.length + 1);
            return before.slice(0, place) + put + before.slice(place + drop);
          },
          printed(app, ENVIRONMENT),
        );
        await loadsOrRefuses(folder, text);
      }),
      { numRuns: 120 },
    );
  });

  test('so are random bytes, as a manifest and as a func_config.json', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        await loadsOrRefuses(folder, bytes);
        await folder.write('x.json', bytes);
        await orRefused(loadApp(folder.at('x.json')));
      }),
      { numRuns: 100 },
    );
  });

  test('so is any JSON as a func_config.json', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const field = fc.oneof(
      fc.constantFrom<unknown>('A', 'a', 'grpc:x', '', 0, 1, 255, 256, -1, 1.5, true, null, []),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const entry = fc.dictionary(
      fc.constantFrom('funcName', 'funcId', 'minWorkers', 'maxWorkers', 'allowHttpGet', 'qsAsInput', 'other'),
      field,
      { noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.array(fc.oneof(entry, fc.jsonValue()), { maxLength: 4 }), fc.jsonValue()), async (config) => {
        await folder.write('x.json', JSON.stringify(config));
        await orRefused(loadApp(folder.at('x.json')));
      }),
      { numRuns: 120 },
    );
  });
});

async function loadsOrRefuses(folder: AppFolder, manifest: string | Uint8Array): Promise<void> {
  const lines = new TextDecoder().decode(typeof manifest === 'string' ? new TextEncoder().encode(manifest) : manifest).split(/\n/).length;
  const refused = await orRefused(folder.loadYaml(manifest, ENVIRONMENT));
  const { line } = refused?.details ?? {};
  if (line !== undefined) assert.ok(typeof line === 'number' && line >= 1 && line <= lines, `line ${line} of ${lines}`);
}

async function orRefused(loading: Promise<App>): Promise<WeftError | undefined> {
  try {
    await loading;
    return undefined;
  } catch (error) {
    if (error instanceof WeftError && error.code === 'WEFT_MANIFEST') return error;
    throw error;
  }
}
