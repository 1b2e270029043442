/** Starting, ending, and listening on a local socket with the connections handed out. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHandout } from '../../src/gateway/ingress/index.ts';
import { WeftError } from '../../src/model/errors.ts';
import type { Exchange } from '../../src/model/exchange.ts';
import { ask, bytes, Client, NONE, replies, TestIngress, type TestIngressOptions } from './harness.ts';

const GET = 'GET /function/echo HTTP/1.1\r\nHost: weft\r\n\r\n';
const HOLD = 'GET /function/hold HTTP/1.1\r\nHost: weft\r\n\r\n';

async function withHold(options: TestIngressOptions = {}): Promise<{ server: TestIngress; held: Exchange[] }> {
  const held: Exchange[] = [];
  const server = await TestIngress.start({ ...options, functions: { hold: (exchange) => held.push(exchange) } });
  return { server, held };
}

test('two threads share a port', async () => {
  const one = await TestIngress.start();
  const two = new TestIngress();
  assert.equal(await two.listen(one.port), one.port);
  await Promise.all(Array.from({ length: 50 }, () => ask(one.port, GET)));
  assert.equal(one.seen.length + two.seen.length, 50);
  await Promise.all([one.close(), two.close()]);
});

test('a port that another process listens on is a clear error', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const server = new TestIngress();
  await assert.rejects(
    server.listen(port),
    (error) => error instanceof WeftError && error.code === 'WEFT_LISTEN' && error.message.includes(`127.0.0.1:${port}`),
  );
  other.close();
});

test('closing lets requests under way end, tells their clients, and ends idle connections', async () => {
  const { server, held } = await withHold();
  const idle = await Client.connect(server.port);
  idle.send(GET);
  await idle.until((text) => text.includes('200 OK'));
  const busy = await Client.connect(server.port);
  busy.send(HOLD);
  while (held.length === 0) await sleep(1);
  const closed = server.ingress.close(5000);
  await idle.untilEnd();
  assert.equal(busy.text, '');
  held[0]?.respond(200, NONE, bytes('done'));
  const [reply] = replies(await busy.untilEnd());
  assert.deepEqual([reply?.body, reply?.headers['connection']], ['done', 'close']);
  idle.close();
  busy.close();
  await closed;
  assert.equal(server.ingress.metrics.open, 0);
});

test('closing answers requests that were already received, pipelined ones too', async () => {
  const { server, held } = await withHold({ limits: { pipelined: 1 } });
  const client = await Client.connect(server.port);
  client.send(HOLD.repeat(3));
  while (held.length === 0) await sleep(1);
  const closed = server.ingress.close(5000);
  for (let i = 0; i < 3; i += 1) {
    while (held.length <= i) await sleep(1);
    held[i]?.respond(200, NONE, bytes(`${i}`));
  }
  assert.deepEqual(
    replies(await client.untilEnd()).map((reply) => [reply.body, reply.headers['connection']]),
    [
      ['0', undefined],
      ['1', undefined],
      ['2', 'close'],
    ],
  );
  client.close();
  await closed;
});

test('what takes longer than the patience for it is cut off', async () => {
  const { server, held } = await withHold();
  const client = await Client.connect(server.port);
  client.send(HOLD);
  while (held.length === 0) await sleep(1);
  await server.ingress.close(20);
  assert.equal(held[0]?.closed, true);
  assert.equal(await client.untilEnd(), '');
  client.close();
});

test('closing twice is no error', async () => {
  const server = await TestIngress.start();
  await Promise.all([server.close(), server.close()]);
  await server.close();
});

interface Handed {
  readonly port: number;
  readonly threads: readonly TestIngress[];
  readonly paths: string[];
  close(): Promise<void>;
}

async function handOut(count: number, options: TestIngressOptions = {}, maxConnections = 100): Promise<Handed> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-handout-'));
  const paths = Array.from({ length: count }, (_, i) => join(folder, `${i}.sock`));
  const threads = await Promise.all(paths.map((path) => TestIngress.start({ ...options, listen: { kind: 'handed', path } })));
  const handout = createHandout({ host: '127.0.0.1', port: 0, paths: () => paths, maxConnections });
  const port = await handout.listen();
  const close = async (): Promise<void> => {
    await handout.close(0);
    await Promise.all(threads.map((thread) => thread.close()));
    await rm(folder, { recursive: true, force: true });
  };
  return { port, threads, paths, close };
}

test('connections are handed to the threads in turn', async () => {
  const handed = await handOut(3);
  for (let i = 0; i < 9; i += 1) assert.equal(replies(await ask(handed.port, GET))[0]?.status, 200);
  assert.deepEqual(
    handed.threads.map((thread) => thread.seen.length),
    [3, 3, 3],
  );
  await handed.close();
});

test('a connection handed out carries large bodies both ways, keeps alive, and ends as the client ends it', async () => {
  const handed = await handOut(1, { maxRequestBytes: 8 * 1024 * 1024 });
  const body = 'abcdefgh'.repeat(512 * 1024);
  const request = `POST /function/echo HTTP/1.1\r\nHost: weft\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const answers = replies(await ask(handed.port, request + request));
  assert.deepEqual(
    answers.map((reply) => reply.body === body),
    [true, true],
  );
  await handed.close();
});

test('a thread that is gone is passed over; with none left the client is told', async () => {
  const handed = await handOut(2);
  await handed.threads[0]?.close();
  for (let i = 0; i < 4; i += 1) assert.equal(replies(await ask(handed.port, GET))[0]?.status, 200);
  await handed.threads[1]?.close();
  assert.equal(replies(await ask(handed.port, GET))[0]?.status, 503);
  await handed.close();
});

test('a client that hangs up shows in the thread it was handed to when that writes', async () => {
  const held: Exchange[] = [];
  const handed = await handOut(1, { functions: { hold: (exchange) => held.push(exchange) } });
  const client = await Client.connect(handed.port);
  client.send(HOLD);
  while (held.length === 0) await sleep(1);
  client.socket.resetAndDestroy();
  await sleep(20);
  held[0]?.begin(200, NONE);
  while (!held[0]?.closed) {
    held[0]?.write(bytes('x'));
    await sleep(1);
  }
  assert.equal(handed.threads[0]?.ingress.metrics.open, 0);
  await handed.close();
});

test('a stream that breaks off in a thread breaks off for its client', async () => {
  const handed = await handOut(1, {
    functions: {
      breaks: (exchange) => {
        exchange.begin(200, NONE);
        exchange.write(bytes('one'));
        setTimeout(() => exchange.abort(), 10);
      },
    },
  });
  const client = await Client.connect(handed.port);
  client.send('GET /function/breaks HTTP/1.1\r\nHost: weft\r\n\r\n');
  const text = await client.untilEnd();
  assert.ok(text.endsWith('one\r\n'), text);
  client.close();
  await handed.close();
});

test('connections over the limit of the handout are told so', async () => {
  const handed = await handOut(1, {}, 1);
  const first = await Client.connect(handed.port);
  first.send(GET);
  await first.until((text) => text.includes('200 OK'));
  const second = await Client.connect(handed.port);
  assert.equal(replies(await second.untilEnd())[0]?.status, 503);
  first.close();
  second.close();
  await handed.close();
});
