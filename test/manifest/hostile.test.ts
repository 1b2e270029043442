import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AppFolder, refusal } from './app-folder.ts';

const HEAD = 'app: a\nfunctions: {f: {sources: [f.c]}}\n';

/** Nine levels of nine aliases: 387 million values, if anybody made them. */
function laughs(): string {
  const levels = Array.from(
    { length: 9 },
    (_, i) =>
      `a${i}: &a${i} [${Array(9)
        .fill(i === 0 ? 'lol' : `*a${i - 1}`)
        .join(', ')}]`,
  );
  return `${levels.join('\n')}\n`;
}

suite('hostile manifests', () => {
  const cases: Readonly<Record<string, readonly [string | Uint8Array, RegExp]>> = {
    'aliases that multiply': [laughs(), /more than 20000 values, aliases counted|nested deeper/],
    'aliases that multiply in a list': [`app: &a [x, x, x, x]\nmerge: [${'*a, '.repeat(20_000)}]\n`, /more than 20000 values/],
    'lists nested 100,000 deep': ['['.repeat(100_000), /nested too deep|not valid YAML/],
    'closed lists nested deep': [`app: ${'['.repeat(200)}${']'.repeat(200)}`, /nested deeper than 32/],
    'mappings nested deep': [Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), /nested deeper than 32/],
    'many keys': [Array.from({ length: 25_000 }, (_, i) => `k${i}:\n`).join(''), /more than 20000 values|and \d+ more/],
    'many unknown keys': [HEAD + Array.from({ length: 15_000 }, (_, i) => `k${i}: 1\n`).join(''), /15000 mistakes.*and 14980 more$/s],
    'many functions': [
      `app: a\nfunctions:\n${Array.from({ length: 1001 }, (_, i) => `  f${i}: {wasm: m}\n`).join('')}`,
      /1001 functions; 1000 are the most/,
    ],
    'a key of 100,000 letters': [`${'k'.repeat(100_000)}: 1\n`, /weft\.yaml:1:1: /],
    'a word of 100,000 letters': [`app: ${'-'.repeat(100_000)}\n`, /"-{77}…" cannot be a name/],
    'more than 256 KiB': [`#${'x'.repeat(256 * 1024)}`, /it is larger than 256 KiB/],
    'Latin-1': [Uint8Array.from([...Buffer.from('app: a\n# caf'), 0xe9, 0x0a]), /it is not UTF-8 \(line 2\)/],
    'UTF-16': [Buffer.from(`\ufeff${HEAD}`, 'utf16le'), /it is not UTF-8 \(line 1\)/],
    'a binary file': [Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), /must be a mapping, not the text|not valid YAML/],
    'surrogates in an escape': ['app: "\\ud800"\n', /cannot be a name|not valid YAML/],
    'names of what every object has': [
      'app: a\nfunctions: {toString: {}, valueOf: {hasOwnProperty: 1}}\ntoString: 1\n',
      /unknown key "toString"/,
    ],
    'a function named __proto__': ['app: a\nfunctions: {__proto__: {sources: [f.c]}}\n', /a key cannot be named "__proto__"/],
  };
  for (const [what, [manifest, says]] of Object.entries(cases)) {
    test(what, async (t) => {
      const folder = await AppFolder.with({ 'f.c': '' }, t);
      const error = await refusal(folder.loadYaml(manifest));
      assert.equal(error.code, 'WEFT_MANIFEST');
      assert.match(error.message, says);
      assert.ok(error.message.length < 10_000, 'a message that somebody can read');
    });
  }

  test('the key __proto__ is refused in the manifests of other platforms as well', async (t) => {
    const stack = (lines: string): string =>
      `version: 1.0\nprovider: {name: openfaas}\nfunctions:\n  f: {lang: c, handler: ./f, image: f, ${lines}}\n`;
    const manifests: readonly Readonly<Record<string, string>>[] = [
      { 'stack.yaml': stack('environment: {__proto__: x}') },
      { 'stack.yaml': stack('labels: {__proto__: x}') },
      { 'stack.yaml': stack('environment_file: [env.yml]'), 'env.yml': 'environment: {__proto__: x}\n' },
      { 'func.yaml': 'name: me/f\nversion: 0.0.1\nconfig: {__proto__: x}\n' },
      { 'func.yaml': 'schema_version: 20180708\nname: f\nversion: 0.0.1\nruntime: docker\nconfig: {__proto__: x}\n' },
      { 'func.json': '{"name": "me/f", "version": "0.0.1", "config": {"__proto__": "x"}}' },
    ];
    for (const files of manifests) {
      const folder = await AppFolder.with({ 'f.c': '', 'f/f.c': '', ...files }, t);
      const { code, message } = await refusal(folder.load());
      assert.deepEqual([code, /a key cannot be named "__proto__"/.test(message)], ['WEFT_MANIFEST', true], message);
    }
    assert.equal(Reflect.get({}, 'x'), undefined);
  });

  test('a byte order mark and Windows line ends are no mistake', async (t) => {
    const folder = await AppFolder.with({ 'f.c': '' }, t);
    assert.equal((await folder.loadYaml(`\ufeff${HEAD.replaceAll('\n', '\r\n')}`)).name, 'a');
  });

  test('lines and columns are right behind a byte order mark and Windows line ends', async (t) => {
    const folder = await AppFolder.with({ 'f.c': '' }, t);
    assert.deepEqual(await folder.mistakesIn(`\ufeff${HEAD}merge: 1\n`.replaceAll('\n', '\r\n')), [
      '3:8: merge must be a list, not the number 1; write [1]',
    ]);
  });

  test('an old YAML version does not make other values of words', async (t) => {
    const folder = await AppFolder.with({ 'f.c': '' }, t);
    const app = await folder.loadYaml(`%YAML 1.1\n---\napp: yes\nfunctions: {no: {sources: [f.c]}}\n`);
    assert.deepEqual([app.name, app.functions[0]?.name], ['yes', 'no']);
  });

  test('a pattern for more sources than a function has is refused', async (t) => {
    const sources = Array.from({ length: 1001 }, (_, i) => [`src/${i}.c`, ''] as const);
    const folder = await AppFolder.with(Object.fromEntries(sources), t);
    const mistakes = await folder.mistakesIn('app: a\nfunctions: {f: {sources: ["src/*.c"]}}');
    assert.deepEqual(mistakes, ['2:27: "src/*.c" matches more than 1000 files']);
  });
});
