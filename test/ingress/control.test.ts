import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlRequest } from '../../src/engine/protocol.ts';
import type { ControlClient } from '../../src/gateway/ingress/index.ts';
import { ask, bytes, Client, NONE, replies, TestIngress } from './harness.ts';

const QUEUE_BYTES = 256 * 1024;
let requests: ControlRequest[] = [];
let answer: (client: ControlClient) => void = (client) => client.answer({ status: 200, headers: [], body: NONE });
let server: TestIngress;
before(async () => {
  server = await TestIngress.start({
    limits: { controlBodyBytes: 1000, controlQueueBytes: QUEUE_BYTES },
    control: (request, client) => {
      requests.push(request);
      answer(client);
    },
  });
});
after(() => server.close());

for (const target of [
  '/',
  '/healthz',
  '/metrics',
  '/system/functions?namespace=x',
  '/ui/',
  '/async-function/echo',
  '/function',
  '/functions/echo',
  '//function/echo',
]) {
  test(`${target} goes to the control thread`, async () => {
    requests = [];
    answer = (client) => client.answer({ status: 200, headers: ['Content-Type', 'text/plain'], body: bytes('ok') });
    const [reply] = replies(
      await ask(server.port, `GET ${target} HTTP/1.1\r\nHost: weft\r\nX-A:  b c \r\nX-Empty:\r\nX-Blank: \t \r\n\r\n`),
    );
    assert.deepEqual([reply?.status, reply?.headers['content-type'], reply?.body], [200, 'text/plain', 'ok']);
    assert.deepEqual(requests, [
      { method: 'GET', target, headers: ['Host', 'weft', 'X-A', 'b c', 'X-Empty', '', 'X-Blank', ''], body: NONE },
    ]);
  });
}

test('an absolute URL reaches the control thread as a path', async () => {
  requests = [];
  await ask(server.port, 'GET http://weft/metrics HTTP/1.1\r\nHost: weft\r\n\r\nGET http://weft?x HTTP/1.1\r\nHost: weft\r\n\r\n');
  assert.deepEqual(
    requests.map((request) => request.target),
    ['/metrics', '/?x'],
  );
});

test('a body comes along in memory of its own', async () => {
  requests = [];
  await ask(server.port, 'POST /system/functions HTTP/1.1\r\nHost: weft\r\nContent-Length: 4\r\n\r\nbody');
  const [request] = requests;
  assert.equal(Buffer.from(request?.body ?? NONE).toString(), 'body');
  assert.equal(request?.body.buffer.byteLength, 4);
});

test('a body over the limit is 413', async () => {
  const [reply] = replies(await ask(server.port, 'POST /system/functions HTTP/1.1\r\nHost: weft\r\nContent-Length: 1001\r\n\r\n'));
  assert.equal(reply?.status, 413);
});

test('a streamed answer comes piece by piece', async () => {
  let client: ControlClient | undefined;
  answer = (given) => {
    client = given;
    given.answer({ status: 200, headers: ['X-A', 'b'], body: null });
  };
  const reader = await Client.connect(server.port);
  reader.send('GET /system/logs?follow=1 HTTP/1.1\r\nHost: weft\r\n\r\n');
  await reader.until((text) => text.endsWith('\r\n\r\n'));
  client?.piece(bytes('one'));
  await reader.until((text) => text.endsWith('one\r\n'));
  client?.piece(bytes('two'));
  client?.piece(null);
  const text = await reader.until((all) => all.endsWith('0\r\n\r\n'));
  assert.equal(replies(text)[0]?.body, 'onetwo');
  reader.close();
});

test('the control thread hears that the client of a streamed answer hung up', async () => {
  let hungUp = 0;
  let client: ControlClient | undefined;
  answer = (given) => {
    client = given;
    given.onClosed = () => {
      hungUp += 1;
    };
    given.answer({ status: 200, headers: [], body: null });
  };
  const reader = await Client.connect(server.port);
  reader.send('GET /system/logs HTTP/1.1\r\nHost: weft\r\n\r\n');
  await reader.until((text) => text.endsWith('\r\n\r\n'));
  assert.deepEqual([hungUp, client?.closed], [0, false]);
  reader.socket.resetAndDestroy();
  while (hungUp === 0) await sleep(1);
  assert.deepEqual([hungUp, client?.closed], [1, true]);
});

test('one whose answer was whole hears nothing when the connection ends', async () => {
  let hungUp = 0;
  answer = (client) => {
    client.onClosed = () => {
      hungUp += 1;
    };
    client.answer({ status: 200, headers: [], body: NONE });
  };
  await ask(server.port, 'GET / HTTP/1.1\r\nHost: weft\r\n\r\n');
  await sleep(20);
  assert.equal(hungUp, 0);
});

test('a client that follows a log without reading it is cut off, and costs no more than its queue', async () => {
  let client: ControlClient | undefined;
  answer = (given) => {
    client = given;
    given.answer({ status: 200, headers: [], body: null });
  };
  const reader = await Client.connect(server.port);
  reader.send('GET /system/logs HTTP/1.1\r\nHost: weft\r\n\r\n');
  await reader.until((text) => text.endsWith('\r\n\r\n'));
  reader.socket.pause();
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  while (!client?.closed && sent < 1000) {
    client?.piece(piece);
    sent += 1;
    await sleep(0);
  }
  assert.ok(client?.closed, `after ${sent} pieces it still hangs on`);
  reader.close();
});

test('headers of the control thread that are illegal are not sent either', async () => {
  answer = (client) => client.answer({ status: 200, headers: ['X-A', 'b\r\nX-B: c'], body: NONE });
  const text = await ask(server.port, 'GET / HTTP/1.1\r\nHost: weft\r\n\r\n');
  assert.equal(replies(text)[0]?.status, 500);
  assert.ok(!text.includes('X-B: c'), text);
});
