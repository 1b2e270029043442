/** Arbitrary manifests: whole ones of the right shape, and ones in which something was changed. */
import fc from 'fast-check';

const NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?$/;

const name = fc.stringMatching(NAME);
const text = fc.string({ maxLength: 8 }).filter((value) => !value.includes('\0'));
const word = text.filter((value) => value !== '');
const list = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });
const variable = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/);
const amount = fc.oneof(
  fc.nat(999).map(String),
  fc.tuple(fc.nat(99), fc.nat(999)).map(([whole, part]) => `${whole}.${part}`),
);
const size = fc.tuple(amount, fc.constantFrom('B', ' B', 'KB', 'MB', ' MiB', 'KiB', 'GiB')).map((parts) => parts.join(''));
const duration = fc.tuple(amount, fc.constantFrom('ms', 's', ' s', 'm', 'h')).map((parts) => parts.join(''));
const standard = fc.constantFrom('c17', 'c23', 'c++20', 'c++23');
const some = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [], noNullPrototype: true });

const compiling = {
  include: list(word),
  defines: list(fc.constantFrom('A', 'A=1', 'F(x)=x', '_B=a=b')),
  flags: list(word),
  linkFlags: list(word),
  libraries: list(word),
  std: fc.oneof(standard, fc.array(standard, { minLength: 1, maxLength: 2 })),
  stack: size,
};
const common = {
  contract: fc.constantFrom('weft', 'stdio', 'nightcore'),
  rollback: fc.constantFrom('request', 'call', 'never'),
  limits: some({
    memory: size,
    deadline: duration,
    request: size,
    response: size,
    concurrency: fc.integer({ min: 1, max: 1_000_000 }),
    callDepth: fc.integer({ min: 1, max: 1000 }),
  }),
  env: fc.dictionary(variable, text, { maxKeys: 3, noNullPrototype: true }),
  secrets: fc.dictionary(variable, fc.oneof(fc.record({ fromEnv: variable }), fc.record({ fromFile: word })), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  origins: list(fc.constantFrom('https://a.example', 'http://127.0.0.1:80', 'http://[::1]:8080')),
  idle: fc.oneof(fc.constant('never'), duration),
  warm: fc.nat(1000),
};
const own = {
  ...common,
  args: list(text),
  contentType: fc.constantFrom('text/plain', 'text/html; charset=utf-8'),
  files: fc.dictionary(fc.constantFrom('/', '/a', '/a/b', '/.well-known/x', '/..a'), word, { maxKeys: 3, noNullPrototype: true }),
  nightcore: some({ allowHttpGet: fc.boolean(), qsAsInput: fc.boolean() }),
};
const project = some({ dir: word, target: fc.constantFrom('all', 'lib/x.wasm', 'a_b'), args: list(text) });

const fn = fc.oneof(
  fc.record({ sources: fc.array(word, { minLength: 1, maxLength: 3 }), settings: some({ ...own, ...compiling }) }).map(flat),
  fc.record({ wasm: word, settings: some(own) }).map(flat),
  fc.record({ cmake: project, settings: some(own) }).map(flat),
  fc.record({ make: project, settings: some(own) }).map(flat),
);

/** Of the right shape; the files it names are not there. */
export const manifestLike: fc.Arbitrary<unknown> = fc
  .record({
    app: name,
    functions: fc.dictionary(name, fn, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
    more: some({
      defaults: some({ ...common, ...compiling }),
      merge: list(fc.array(name, { minLength: 2, maxLength: 4 })),
    }),
  })
  .map(({ more, ...rest }) => ({ ...rest, ...more }));

/** With one value changed, left out or put in, wherever in it. */
export function mutated(from: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(from, fc.nat(), oddValue, fc.constantFrom('replace', 'remove', 'add'), oddKey)
    .map(([value, at, odd, how, key]) => mutate(structuredClone(value), at, odd, how, key));
}

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e9,
    '',
    'x',
    '1s',
    '1MiB',
    'c17',
    'a b',
    'nul\0',
    '../x',
    'https://x/',
    [],
    [[]],
    {},
    { a: 1 },
    [1],
    [''],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const oddKey = fc.oneof(
  fc.constantFrom(
    'sources',
    'wasm',
    'make',
    'limits',
    'fromEnv',
    'fromFile',
    'memory',
    'constructor',
    'toString',
    '',
    'A-B',
    'x'.repeat(70),
  ),
  fc.string({ maxLength: 4 }).filter((key) => key !== '__proto__'),
);

function mutate(root: unknown, at: number, odd: unknown, how: 'replace' | 'remove' | 'add', key: string): unknown {
  const places = placesIn(root);
  const place = places[at % Math.max(1, places.length)];
  if (!place) return odd;
  if (how === 'add' && !Array.isArray(place.holder)) Reflect.set(place.holder, key, odd);
  else if (how === 'remove' && !Array.isArray(place.holder)) Reflect.deleteProperty(place.holder, place.key);
  else Reflect.set(place.holder, place.key, odd);
  return root;
}

function placesIn(value: unknown): { readonly holder: object; readonly key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => [{ holder: value, key }, ...placesIn(Reflect.get(value, key))]);
}

function flat<T extends object>({ settings, ...rest }: { readonly settings: object } & T): object {
  return { ...rest, ...settings };
}
