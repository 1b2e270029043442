/** Clients that are slow, greedy or gone. Time is the test's own: what must not happen yet is looked for before the clock moves. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Exchange } from '../../src/model/exchange.ts';
import { ask, bytes, Client, NONE, replies, TestIngress } from './harness.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const LIMITS = {
  sweepMs: 5,
  headMs: 1000,
  bodyMs: 2000,
  bodyBytesPerSecond: 1000,
  idleMs: 5000,
  writeMs: 3000,
  lingerMs: 1000,
  lingerBytes: 64 * KiB,
};

let now = 0;
const clock = { unixMs: () => Date.now(), monotonicMs: () => now };
const waiting: Exchange[] = [];
let server: TestIngress;
const clients: Client[] = [];

before(async () => {
  server = await TestIngress.start({
    clock,
    limits: LIMITS,
    maxRequestBytes: MiB,
    functions: { hold: (exchange) => waiting.push(exchange), large: (exchange) => exchange.respond(200, NONE, Buffer.alloc(256 * KiB)) },
  });
});
after(() => server.close());
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  waiting.length = 0;
});

async function open(...texts: string[]): Promise<Client> {
  const client = await Client.connect(server.port);
  clients.push(client);
  for (const text of texts) client.send(text);
  await settle();
  return client;
}

/** Until what was sent is read and a sweep has passed. */
const settle = (): Promise<void> => sleep(30);

async function pass(ms: number): Promise<void> {
  now += ms;
  await settle();
}

const head = (lines = ''): string => `POST /function/echo HTTP/1.1\r\nHost: weft\r\n${lines}\r\n`;

test('a head that drips in is 408 when its time is over, however lively the drip', async () => {
  const client = await open('P');
  for (const byte of 'OST /func') {
    client.send(byte);
    await pass(100);
  }
  assert.deepEqual([client.text, client.ended], ['', false], 'not yet');
  await pass(200);
  const [reply] = replies(await client.untilEnd());
  assert.deepEqual([reply?.status, reply?.headers['connection']], [408, 'close']);
});

test('a body that stops is 408', async () => {
  const client = await open(head('Content-Length: 100\r\n'), 'abc');
  await pass(1900);
  assert.equal(client.text, '', 'not yet');
  await pass(200);
  assert.equal(replies(await client.untilEnd())[0]?.status, 408);
});

test('a chunked body that drips slower than the rate is 408, one that keeps it is not', async () => {
  const slow = await open(head('Transfer-Encoding: chunked\r\n'));
  const steady = await open(head('Transfer-Encoding: chunked\r\n'));
  for (let second = 0; second < 6; second += 1) {
    slow.send('1\r\nx\r\n');
    steady.send(`3e8\r\n${'x'.repeat(1000)}\r\n`);
    await pass(1000);
  }
  assert.equal(replies(await slow.untilEnd())[0]?.status, 408);
  steady.send('0\r\n\r\n');
  await steady.until((text) => text.length > 6000);
  assert.equal(replies(steady.text)[0]?.status, 200);
});

test('an idle connection is closed without a word', async () => {
  const client = await open(head());
  await client.until((text) => text.includes('200 OK'));
  const { length } = client.text;
  await pass(4900);
  assert.equal(client.ended, false, 'not yet');
  await pass(200);
  assert.equal((await client.untilEnd()).length, length);
});

test('a connection that never says anything is closed, and so is one that says only a blank line', async () => {
  const silent = await open();
  const blank = await open('\r\n');
  await pass(5100);
  assert.deepEqual([await silent.untilEnd(), await blank.untilEnd()], ['', '']);
});

test('a request under way is not idle, and is not slow', async () => {
  const client = await open('GET /function/hold HTTP/1.1\r\nHost: weft\r\n\r\n');
  await pass(60_000);
  assert.equal(client.ended, false);
  waiting[0]?.respond(200, NONE, bytes('done'));
  await client.until((text) => text.endsWith('done'));
});

test('a client that reads nothing is cut off, and its function goes on without it', async () => {
  const client = await open();
  client.socket.pause();
  client.send('GET /function/large HTTP/1.1\r\nHost: weft\r\n\r\n'.repeat(100));
  await settle();
  const { cutOff } = server.ingress.metrics;
  await pass(2900);
  assert.equal(server.ingress.metrics.cutOff, cutOff, 'not yet');
  await pass(200);
  assert.equal(server.ingress.metrics.cutOff, cutOff + 1);
  client.socket.resume();
  await client.untilClosed();
});

test('requests of a client that does not read its answers are not begun', async () => {
  const client = await open();
  client.socket.pause();
  server.seen.length = 0;
  for (let i = 0; i < 40; i += 1) {
    client.send('GET /function/large HTTP/1.1\r\nHost: weft\r\n\r\n'.repeat(5));
    await sleep(1);
  }
  await settle();
  const begun = server.seen.length;
  assert.ok(begun < 100, `${begun} of 200 were begun`);
  client.socket.resume();
  await client.untilReceived(200 * 256 * KiB);
  assert.equal(server.seen.length, 200, 'and all are, once it reads');
});

test('a client that goes on sending after a refusal reads the refusal, and is cut off', async () => {
  const client = await open('GET / HTTP/1.1\r\nHost : weft\r\n\r\n');
  assert.equal(replies(await client.untilEnd())[0]?.status, 400);
  for (let i = 0; i < 100 && !client.closed; i += 1) {
    client.send(Buffer.alloc(16 * KiB));
    await sleep(1);
  }
  await client.untilClosed();
});

test('a client that neither sends nor closes after the last answer is gone after a while', async () => {
  const client = await open('GET /function/echo HTTP/1.1\r\nHost: weft\r\nConnection: close\r\n\r\n');
  await client.untilEnd();
  assert.equal(server.ingress.metrics.open, 1);
  await pass(1100);
  assert.equal(server.ingress.metrics.open, 0);
});

for (const [name, part] of [
  ['a head', 'POST /function/echo HTTP/1.1\r\nHo'],
  ['a body', `${head('Content-Length: 5\r\n')}abc`],
  ['a chunked body', `${head('Transfer-Encoding: chunked\r\n')}5\r\nabc`],
] as const) {
  test(`a client that ends its side in the middle of ${name} gets 400`, async () => {
    assert.equal(replies(await ask(server.port, part))[0]?.status, 400);
  });

  test(`a client that vanishes in the middle of ${name} leaves nothing behind`, async () => {
    const client = await open(part);
    client.socket.resetAndDestroy();
    await settle();
    assert.equal(server.ingress.metrics.open, 0);
  });
}

test('a client that hangs up shows in the exchange; the late answer goes nowhere', async () => {
  const client = await open('GET /function/hold HTTP/1.1\r\nHost: weft\r\n\r\n');
  const [exchange] = waiting;
  assert.equal(exchange?.closed, false);
  client.socket.resetAndDestroy();
  await settle();
  assert.equal(exchange?.closed, true);
  exchange.respond(200, NONE, NONE);
  assert.equal(server.ingress.metrics.open, 0);
});

test('chunks of mostly framing are refused', async () => {
  const client = await open(head('Transfer-Encoding: chunked\r\n'), `1;${'a'.repeat(20 * KiB)}`);
  assert.equal(replies(await client.untilEnd())[0]?.status, 400);
  const trailers = await open(head('Transfer-Encoding: chunked\r\n'), '0\r\n', 'Name: value\r\n'.repeat(2000));
  assert.equal(replies(await trailers.untilEnd())[0]?.status, 400);
});

test('connections over the limit are told so; those there go on', async () => {
  const small = await TestIngress.start({ limits: { connections: 2 } });
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => Client.connect(small.port)));
  const texts = [one, two, three].map(async (client) => (await client?.untilEnd()) ?? '');
  const [reply] = replies(await Promise.race(texts));
  assert.deepEqual([reply?.status, reply?.headers['connection']], [503, 'close']);
  assert.deepEqual([small.ingress.metrics.open, small.ingress.metrics.turnedAway], [2, 1]);
  one?.close();
  await settle();
  assert.equal(replies(await ask(small.port, 'GET /function/echo HTTP/1.1\r\nHost: weft\r\n\r\n'))[0]?.status, 200);
  for (const client of [one, two, three]) client?.close();
  await small.close();
});

test('bodies under way share a bounded memory: what does not fit is 503, and it is given back', async () => {
  const small = await TestIngress.start({ maxRequestBytes: MiB, limits: { pendingBodyBytes: 256 * KiB } });
  const part = `${head(`Content-Length: ${MiB}\r\n`)}${'x'.repeat(150 * KiB)}`;
  const first = await Client.connect(small.port);
  first.send(part);
  await settle();
  const second = await Client.connect(small.port);
  second.send(part);
  assert.equal(replies(await second.untilEnd())[0]?.status, 503);
  first.close();
  second.close();
  await settle();
  const third = await Client.connect(small.port);
  third.send(`${head(`Content-Length: ${200 * KiB}\r\n`)}${'x'.repeat(100 * KiB)}`);
  await settle();
  third.send('x'.repeat(100 * KiB));
  assert.equal(replies(await third.until((text) => text.length > 200 * KiB))[0]?.status, 200);
  third.close();
  await small.close();
});

setFlagsFromString('--expose-gc');
// Functions of another context have no type here; V8 defines this one by the flag above.
const collectGarbage = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test('a thousand slow clients cost little memory, whatever they announce', async () => {
  const beginnings = [
    head().slice(0, -4),
    `${head(`Content-Length: ${MiB}\r\n`)}x`,
    `${head('Transfer-Encoding: chunked\r\n')}fffff\r\nx`,
    '',
  ];
  const before = usedBytes();
  for (let i = 0; i < 1000; i += 1) {
    const client = await Client.connect(server.port);
    clients.push(client);
    client.send(beginnings[i % beginnings.length] ?? '');
  }
  await settle();
  assert.equal(server.ingress.metrics.open, 1000);
  const each = (usedBytes() - before) / 1000;
  // Both ends are in this process, and Node's sockets are most of it. A body taken at its word would be 1 MiB.
  assert.ok(each < 40 * KiB, `${Math.round(each)} bytes for each`);
});
