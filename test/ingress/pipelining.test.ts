import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Exchange } from '../../src/model/exchange.ts';
import { ask, bytes, Client, type Handler, NONE, replies, TestIngress } from './harness.ts';

const PIPELINED = 4;
const waiting: Exchange[] = [];
/** Answers when the test says so. */
const hold: Handler = (exchange) => waiting.push(exchange);
/** Answers in a microtask, as a function of WebAssembly that may suspend does. */
const later: Handler = (exchange) => {
  const body = Buffer.from(exchange.body);
  queueMicrotask(() => exchange.respond(200, NONE, body));
};

let server: TestIngress;
before(async () => {
  server = await TestIngress.start({ functions: { hold, later }, limits: { pipelined: PIPELINED } });
});
after(() => server.close());

const get = (path: string): string => `GET /function/${path} HTTP/1.1\r\nHost: weft\r\n\r\n`;
const post = (path: string, body: string): string =>
  `POST /function/${path} HTTP/1.1\r\nHost: weft\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

async function untilWaiting(count: number): Promise<Exchange[]> {
  while (waiting.length < count) await sleep(1);
  return waiting.splice(0);
}

test('answers of safe requests go out in order, whichever is ready first', async () => {
  const client = await Client.connect(server.port);
  client.send(get('hold/1') + get('hold/2') + get('hold/3'));
  const held = await untilWaiting(3);
  assert.deepEqual(
    held.map((exchange) => exchange.path),
    ['/1', '/2', '/3'],
  );
  for (const exchange of held.toReversed()) exchange.respond(200, NONE, bytes(exchange.path));
  const text = await client.until((all) => all.endsWith('/3'));
  assert.deepEqual(
    replies(text).map((reply) => reply.body),
    ['/1', '/2', '/3'],
  );
  client.close();
});

test('no more than the limit run at once on one connection', async () => {
  const client = await Client.connect(server.port);
  client.send(get('hold').repeat(PIPELINED + 2));
  const first = await untilWaiting(PIPELINED);
  await sleep(20);
  assert.equal(waiting.length, 0);
  first[0]?.respond(200, NONE, NONE);
  assert.equal((await untilWaiting(1)).length, 1, 'one goes, one comes');
  client.close();
});

test('a request that may have effects waits for those before it, and those after it wait for it', async () => {
  const client = await Client.connect(server.port);
  client.send(get('hold/1') + post('hold/2', 'x') + get('hold/3'));
  for (const path of ['/1', '/2', '/3']) {
    const held = await untilWaiting(1);
    await sleep(10);
    assert.deepEqual(
      [...held, ...waiting].map((exchange) => exchange.path),
      [path],
    );
    held[0]?.respond(200, NONE, bytes(path));
  }
  const text = await client.until((all) => all.endsWith('/3'));
  assert.deepEqual(
    replies(text).map((reply) => reply.body),
    ['/1', '/2', '/3'],
  );
  client.close();
});

test('a streamed answer that is not yet its turn waits, and comes whole', async () => {
  const client = await Client.connect(server.port);
  client.send(get('hold/1') + get('hold/2'));
  const [first, second] = await untilWaiting(2);
  second?.begin(200, NONE);
  assert.equal(second?.write(bytes('early ')), false, 'the writer is told to wait');
  let drained = false;
  const wait = second?.drained().then(() => {
    drained = true;
    second.write(bytes('late'));
    second.end();
  });
  await sleep(10);
  assert.deepEqual([drained, client.text], [false, '']);
  first?.respond(200, NONE, bytes('one'));
  await wait;
  assert.deepEqual(
    replies(await client.until((text) => text.endsWith('0\r\n\r\n'))).map((reply) => reply.body),
    ['one', 'early late'],
  );
  client.close();
});

test('many small pipelined requests are all answered, in order', async () => {
  const count = 2000;
  const requests = Array.from({ length: count }, (_, i) => post(i % 3 === 0 ? 'later' : 'echo', `${i};`)).join('');
  const answers = replies(await ask(server.port, requests));
  assert.equal(answers.map((reply) => reply.body).join(''), Array.from({ length: count }, (_, i) => `${i};`).join(''));
});

/** Requests as clients send them: by Content-Length, chunked, without a body, in either version. */
const text = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', ' ', '\0', '\xff'), maxLength: 20 });
const header = fc
  .tuple(fc.constantFrom('A', 'X-Long-Header-Name', 'accept'), fc.constantFrom('', 'v', 'a b', '\x80\xff', 'chunked'))
  .map(([name, value]) => `${name}:${value}\r\n`);
const request = fc
  .record({
    name: fc.constantFrom('echo', 'later'),
    path: fc.constantFrom('', '/', '/p/q', '?q=1', '/p?'),
    headers: fc.array(header, { maxLength: 3 }),
    bodies: fc.array(text, { maxLength: 3 }),
    kind: fc.constantFrom('none', 'length', 'chunked'),
  })
  .map(({ name, path, headers, bodies, kind }) => {
    const chunks = bodies.filter((body) => body.length > 0);
    const framing = { none: '', length: `Content-Length: ${chunks.join('').length}\r\n`, chunked: 'Transfer-Encoding: chunked\r\n' }[kind];
    const head = `${kind === 'none' ? 'GET' : 'POST'} /function/${name}${path} HTTP/1.1\r\nHost: weft\r\n${headers.join('')}${framing}`;
    const body = {
      none: '',
      length: chunks.join(''),
      chunked: `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`,
    }[kind];
    const target = `/function/${name}${path}`;
    return { wire: `${head}\r\n${body}`, head, target, body: kind === 'none' ? '' : chunks.join('') };
  });

test('however a stream of valid requests is cut into chunks, functions see the same requests and the client the same answers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.boolean(),
      async (requests, cuts, repeat) => {
        const all = repeat ? [...requests, ...requests] : requests;
        const wire = bytes(all.map((one) => one.wire).join(''));
        const at = [...new Set(cuts.map((cut) => cut % wire.length))].sort((a, b) => a - b);
        const pieces = [0, ...at].map((from, i) => wire.subarray(from, at[i] ?? wire.length));
        server.seen.length = 0;
        const answers = replies(await ask(server.port, ...pieces));
        assert.deepEqual(
          server.seen.map((one) => [one.head, one.body]),
          all.map((one) => [one.head, one.body]),
        );
        assert.deepEqual(
          server.seen.map((one) => `/function/${one.name}${one.path}${one.query ? `?${one.query}` : ''}`),
          all.map((one) => one.target.replace(/\?$/, '')),
        );
        assert.deepEqual(
          answers.map((one) => [one.status, one.body]),
          all.map((one) => [200, one.body]),
        );
      },
    ),
    { numRuns: 300 },
  );
});
