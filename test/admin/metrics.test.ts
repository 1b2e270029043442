import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { expose, type MetricFamily } from '../../src/gateway/admin/prometheus.ts';
import { bundle } from './bundles.ts';
import { ECHO, says, sleeps, TestPlatform, TRAPS } from './harness.ts';

interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** Reads the text format as its specification has it, and nothing else. */
function parse(text: string): { samples: Line[]; types: Map<string, string>; helps: Map<string, string> } {
  assert.ok(text === '' || text.endsWith('\n'));
  const samples: Line[] = [];
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line);
    if (comment) {
      const [, kind, name = '', rest = ''] = comment;
      const into = kind === 'HELP' ? helps : types;
      assert.ok(!into.has(name), `two lines of ${kind} for ${name}`);
      into.set(name, rest);
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    assert.ok(sample, `neither comment nor sample: ${line}`);
    const [, name = '', labels = '', value = ''] = sample;
    samples.push({ name, labels: parseLabels(labels), value: value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value) });
  }
  return { samples, types, helps };
}

function parseLabels(text: string): Record<string, string> {
  const labels: [string, string][] = [];
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    assert.ok(match, `not a label: ${text}`);
    labels.push([match[1] ?? '', (match[2] ?? '').replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))]);
  }
  return Object.fromEntries(labels);
}

const name = fc.stringMatching(/^[a-z][a-z_]{0,10}$/);
const family: fc.Arbitrary<MetricFamily> = fc.record({
  name,
  type: fc.constantFrom('counter' as const, 'gauge' as const),
  help: fc.string({ unit: fc.constantFrom('a', ' ', '\\', '"', '\n', 'é') }),
  samples: fc.array(
    fc.record({
      labels: fc.dictionary(name, fc.string({ unit: fc.constantFrom('a', ' ', ',', '}', '=', '\\', '"', '\n', 'é') }), {
        noNullPrototype: true,
      }),
      value: fc.double(),
    }),
  ),
});

test('whatever labels, help and values hold, a reader of the format gets them back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(family, { selector: (each) => each.name }), (families) => {
      const { samples, types, helps } = parse(expose(families));
      assert.deepEqual(
        samples,
        families.flatMap((each) =>
          each.samples.map(({ labels, value }) => ({ name: each.name, labels, value: Object.is(value, -0) ? 0 : value })),
        ),
      );
      for (const each of families) {
        assert.equal(types.get(each.name), each.type);
        assert.equal(
          helps.get(each.name)?.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)),
          each.help,
        );
      }
    }),
  );
});

test('metrics tell what happened, by function and status', async () => {
  await using it = await TestPlatform.start();
  await it.platform.deploy(bundle('app', { echo: ECHO, traps: TRAPS, slow: sleeps(500, 'slept') }));
  for (let at = 0; at < 5; at++) await it.invoke('echo', 'x');
  for (let at = 0; at < 2; at++) assert.equal((await it.invoke('traps')).status, 502);
  assert.equal((await it.invoke('nobody')).status, 404);
  const slow = it.invoke('slow');
  while ((await it.platform.totals()).functions.every((fn) => fn.contextsWaiting === 0));
  const answer = await fetch(`${it.platform.url}/metrics`);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const { samples, types } = parse(await answer.text());
  const value = (wanted: string, labels: Record<string, string> = {}): number | undefined =>
    samples.find((each) => each.name === wanted && Object.entries(labels).every(([key, text]) => each.labels[key] === text))?.value;
  const echo = { app: 'app', function: 'echo' };
  assert.equal(value('weft_function_requests_total', { ...echo, status: '200' }), 5);
  assert.equal(value('weft_function_requests_total', { app: 'app', function: 'traps', status: '502' }), 2);
  assert.equal(value('weft_function_traps_total', { function: 'traps' }), 2);
  assert.equal(value('weft_function_duration_seconds_count', echo), 5);
  assert.equal(value('weft_function_duration_seconds_bucket', { ...echo, le: '+Inf' }), 5);
  assert.ok((value('weft_function_rollbacks_total', echo) ?? 0) >= 5);
  assert.ok((value('weft_function_contexts', echo) ?? 0) >= 1);
  assert.equal(value('weft_function_contexts_waiting', { function: 'slow' }), 1);
  assert.equal(value('weft_ingress_refused_total', { status: '404' }), 1);
  assert.equal(value('weft_engine_threads'), 2);
  assert.ok((value('process_resident_memory_bytes') ?? 0) > 1e7);
  for (const { name: each } of samples) {
    const base = types.has(each) ? each : each.replace(/_(bucket|sum|count)$/, '');
    assert.ok(types.has(base), `${each} has no type`);
    if (types.get(base) === 'counter') assert.match(each, /_total$/);
  }
  assert.equal((await slow).body, 'slept');
});

test('the buckets of a histogram never fall', async () => {
  await using it = await TestPlatform.start({ threads: 1 });
  await it.platform.deploy(bundle('app', { hello: says('hello') }));
  await Promise.all(Array.from({ length: 50 }, () => it.invoke('hello')));
  const { samples } = parse(await (await fetch(`${it.platform.url}/metrics`)).text());
  const buckets = samples.filter((each) => each.name === 'weft_function_duration_seconds_bucket').map((each) => each.value);
  assert.deepEqual(
    buckets,
    buckets.toSorted((a, b) => a - b),
  );
  assert.equal(buckets.at(-1), 50);
});

test('docs/admin.md lists every metric there is, with its type', async () => {
  await using it = await TestPlatform.start({ threads: 1 });
  const { types } = parse(await (await fetch(`${it.platform.url}/metrics`)).text());
  const page = await readFile(new URL('../../docs/admin.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| (`[a-z_`, ]+`) \| (counter|gauge|histogram) \|/gm)].flatMap(([, names = '', type = '']) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, each = '']) => [each, type] as const),
  );
  assert.deepEqual(new Map(listed), types);
});
