import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { LogRecord } from '../../src/engine/protocol.ts';
import { AdminClient } from '../../src/gateway/admin/client.ts';
import { LogStore } from '../../src/gateway/log-store.ts';
import { WeftError } from '../../src/model/errors.ts';
import { bundle } from './bundles.ts';
import { LOGS, TestPlatform } from './harness.ts';

let it: TestPlatform;
let client: AdminClient;
before(async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  it = await TestPlatform.start();
  client = new AdminClient({ url: it.platform.url, password: it.platform.password });
  await it.platform.deploy(bundle('logging', { talks: LOGS, chats: LOGS }));
});
after(() => it[Symbol.asyncDispose]());

async function texts(records: AsyncIterable<LogRecord>): Promise<string[]> {
  const found: string[] = [];
  for await (const { text } of records) found.push(text);
  return found;
}

/** Records come in batches, a moment after the request. */
async function untilLogged(text: string): Promise<void> {
  while (!(await texts(it.platform.logs())).includes(text)) await sleep(5);
}

test('what a function logs is kept with its name, level and time', async () => {
  const began = Date.now();
  await it.invoke('talks', 'one');
  await it.invoke('chats', 'other');
  await it.invoke('talks', 'two');
  await untilLogged('two');
  await untilLogged('other');
  assert.deepEqual(await texts(client.logs({ name: 'talks' })), ['one', 'two']);
  assert.deepEqual(await texts(client.logs({ name: 'talks', tail: 1 })), ['two']);
  assert.deepEqual(await texts(client.logs({ name: 'talks', tail: 0 })), []);
  assert.deepEqual((await texts(client.logs({ app: 'logging' }))).toSorted(), ['one', 'other', 'two']);
  assert.deepEqual(await texts(client.logs({ app: 'nothing' })), []);
  assert.deepEqual(await texts(client.logs({ since: Date.now() + 60_000 })), []);
  const records = await Array.fromAsync(client.logs({ name: 'talks.logging', since: began }));
  for (const { app, function: name, level, thread, time } of records) {
    assert.deepEqual([app, name, level], ['logging', 'talks', 'info']);
    assert.ok(thread === 0 || thread === 1);
    assert.ok(time >= began && time <= Date.now());
  }
});

test('a function of another app is nobody, though one of that name has a log', async () => {
  await it.invoke('talks', 'here');
  await untilLogged('here');
  const isNobody = (error: unknown): boolean => error instanceof WeftError && error.message === 'No function named "talks.elsewhere"';
  await assert.rejects(texts(client.logs({ name: 'talks.elsewhere' })), isNobody);
  await assert.rejects(texts(client.logs({ name: 'talks', app: 'elsewhere' })), isNobody);
  assert.ok((await texts(client.logs({ name: 'talks', app: 'logging' }))).includes('here'));
  assert.deepEqual(await texts(client.logs({ name: 'talks.logging', tail: 0 })), []);
});

test('who follows gets what there is, then what comes, until it has enough', async () => {
  await it.invoke('chats', 'before');
  await untilLogged('before');
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const { text } of client.logs({ name: 'chats', follow: true }, stop.signal)) {
    seen.push(text);
    if (text === 'before') await it.invoke('chats', 'after');
    if (text === 'after') stop.abort();
  }
  assert.deepEqual(seen.slice(-2), ['before', 'after']);
});

test('who follows and leaves is forgotten, even when nothing is logged', async () => {
  const following = it.platform.logs({ follow: true })[Symbol.asyncIterator]();
  const before = it.platform.followers;
  await following.return?.();
  assert.deepEqual(await following.next(), { done: true, value: undefined });
  assert.equal(it.platform.followers, before - 1);
  const stop = new AbortController();
  const silent = texts(client.logs({ name: 'talks', tail: 0, follow: true }, stop.signal));
  while (it.platform.followers < before) await sleep(5);
  mock.timers.tick(60_000);
  await sleep(20);
  assert.ok(it.platform.followers > 0, 'it is there still');
  stop.abort();
  assert.deepEqual(await silent, []);
  while (it.platform.followers > 0) {
    mock.timers.tick(60_000);
    await sleep(20);
  }
});

const record = (text: string, time = 0, name = 'f'): LogRecord => ({ time, level: 'info', app: 'a', function: name, thread: 0, text });

test('however much is logged, memory is bounded and the latest is kept', () => {
  const store = new LogStore();
  for (let at = 0; at < 20_000; at++) store.add([record(`line ${at}`, at)]);
  const kept = store.read({});
  assert.ok(kept.length >= 1000 && kept.length <= 2000, String(kept.length));
  assert.equal(kept.at(-1)?.text, 'line 19999');
  assert.equal(kept[0]?.text, `line ${20_000 - kept.length}`);
  const large = 'x'.repeat(100_000);
  for (let fn = 0; fn < 100; fn++) for (let at = 0; at < 10; at++) store.add([record(large, at, `f${fn}`)]);
  const bytes = store.read({}).reduce((sum, { text }) => sum + 2 * text.length, 0);
  assert.ok(bytes > 32 * 1024 ** 2 && bytes <= 64 * 1024 ** 2, String(bytes));
});

test('who follows too slowly is told how much it missed, and gets what comes after', async () => {
  const store = new LogStore();
  const follower = store.follow({});
  for (let at = 0; at < 15_000; at++) store.add([record(`line ${at}`)]);
  const take = async (): Promise<string> => ((await follower.next()).value as LogRecord).text; // it has not ended
  for (let at = 0; at < 10_000; at++) assert.equal(await take(), `line ${at}`);
  assert.match(await take(), /^5000 log lines were dropped/);
  const next = take();
  await nextTurn();
  store.add([record('later')]);
  assert.equal(await next, 'later');
});

test('records are given by time, whichever thread told first; tail and since agree with that', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 }), fc.nat(50), fc.nat(50), (times, tail, since) => {
      const store = new LogStore();
      for (const [at, time] of times.entries()) store.add([record(`${at}`, time, `f${at % 3}`)]);
      const expected = times.filter((time) => time >= since).toSorted((a, b) => a - b);
      const found = store.read({ tail, since }).map(({ time }) => time);
      assert.deepEqual(found, tail === 0 ? [] : expected.slice(-tail));
    }),
  );
});
