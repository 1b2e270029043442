/** The example apps, function by function: their sources as the manifest lists them, compiled without a warning and driven. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { type ContractName, FLAGS, SDK, type Toolchain, toolchains } from './build.ts';
import { Host, type HostOptions } from './host.ts';

const EXAMPLES = join(SDK, '../examples');

interface Manifest {
  readonly functions: Readonly<Record<string, { readonly contract: ContractName; readonly sources: readonly string[] }>>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const apps = readdirSync(EXAMPLES).filter((app) => existsSync(join(EXAMPLES, app, 'weft.yaml')));

function manifestOf(app: string): Manifest {
  // Checked by the manifest's own tests; here its shape is known.
  return parse(readFileSync(join(EXAMPLES, app, 'weft.yaml'), 'utf8')) as Manifest;
}

/** Sources of a function and all headers beside them. */
function sourcesOf(app: string, name: string): Record<string, string> {
  const listed = manifestOf(app).functions[name]?.sources ?? [];
  const headers = readdirSync(join(EXAMPLES, app)).filter((file) => file.endsWith('.h'));
  return Object.fromEntries([...listed, ...headers].map((file) => [file, readFileSync(join(EXAMPLES, app, file), 'utf8')]));
}

async function start(toolchain: Toolchain, app: string, name: string, options?: HostOptions): Promise<Host> {
  const contract = manifestOf(app).functions[name]?.contract ?? 'weft';
  return Host.start(await toolchain.build({ contract, sources: sourcesOf(app, name), flags: FLAGS }), options);
}

for (const toolchain of toolchains()) {
  describe(`examples, ${toolchain.name} toolchain`, () => {
    test('hello greets whom the body names', async () => {
      const host = await start(toolchain, 'hello', 'hello');
      assert.equal((await host.request(['POST / HTTP/1.1'], 'Ada')).body, 'Hello, Ada!\n');
      assert.equal((await host.request(['GET / HTTP/1.1'])).body, 'Hello, World!\n');
    });

    test('echo gives body and type back', async () => {
      const host = await start(toolchain, 'echo', 'echo');
      const { head, body } = await host.request(['POST / HTTP/1.1', 'content-type: image/png'], 'picture');
      assert.deepEqual([head, body], ['Content-Type: image/png\r\n', 'picture']);
    });

    test('wordcount counts as wc does', async () => {
      const host = await start(toolchain, 'wordcount', 'wordcount', { stdin: () => bytes('two words\n and  more\n\nend') });
      await host.request(['POST / HTTP/1.1']);
      assert.equal(host.stdout, '3 5 25\n');
    });

    test('fn greets whom the body names, in the words of its configuration', async () => {
      const host = await start(toolchain, 'fn', 'fn-greet', { env: { GREETING: 'Hej' } });
      const { head, body } = await host.request(['POST / HTTP/1.1'], 'Ada');
      assert.deepEqual([head, body], ['Content-Type: text/plain\r\n', 'Hej, Ada!\n']);
      assert.equal((await host.request(['GET / HTTP/1.1'])).body, 'Hej, World!\n');
      assert.equal((await host.request(['DELETE / HTTP/1.1'])).status, 405);
      assert.equal((await (await start(toolchain, 'fn', 'fn-greet')).request(['POST / HTTP/1.1'], 'Ada')).body, 'Hello, Ada!\n');
    });

    test('workflow: ranking numbers what sort answers', async () => {
      const host = await start(toolchain, 'workflow', 'ranking', { callees: { sort: (input) => ({ status: 200, body: bytes(input) }) } });
      assert.equal((await host.request(['POST / HTTP/1.1'], 'a\nbb\nc')).body, '1. a\n2. bb\n3. c');
      assert.equal((await host.request(['POST / HTTP/1.1'], '')).body, '');
    });

    test('workflow: sort halves what is long, and asks merge to join it', async () => {
      const sorted = (text: string): string =>
        `${text
          .split('\n')
          .filter((line) => line !== '')
          .sort()
          .join('\n')}\n`;
      const host = await start(toolchain, 'workflow', 'sort', {
        callees: {
          sort: (input) => ({ status: 200, body: bytes(sorted(input)) }),
          merge: (input) => ({ status: 200, body: bytes(sorted(input.slice(4))) }),
        },
      });
      assert.equal((await host.call('c\na\nb')).body, 'a\nb\nc\n');
      const many = Array.from({ length: 40 }, (_, i) => `line ${(i * 7) % 40}`).join('\n');
      assert.equal((await host.call(many)).body, sorted(many));
    });

    test('workflow: merge joins two sorted parts, and refuses a length that lies', async () => {
      const host = await start(toolchain, 'workflow', 'merge');
      const parts = (a: string, b: string): Uint8Array =>
        Buffer.concat([Uint32Array.of(a.length), bytes(a + b)].map((part) => new Uint8Array(part.buffer)));
      assert.equal((await host.call(parts('a\nc\ncc\n', 'b\nd\n'))).body, 'a\nb\nc\ncc\nd\n');
      assert.equal((await host.call(parts('', 'b\n'))).body, 'b\n');
      assert.notEqual((await host.call(Uint8Array.of(255, 0, 0, 0, 1))).result, 0);
    });

    for (const app of apps) {
      for (const name of Object.keys(manifestOf(app).functions)) {
        test(`every source of ${app}/${name} compiles without a warning`, async () => {
          const sources = sourcesOf(app, name);
          for (const file of Object.keys(sources).filter((source) => /\.(c|cpp)$/.test(source))) {
            const dialect = file.endsWith('.cpp') ? ['-std=c++20', '-fwasm-exceptions'] : ['-std=c17'];
            await toolchain.check(file, sources[file] ?? '', [...dialect, ...FLAGS], sources);
          }
        });
      }
    }
  });
}
