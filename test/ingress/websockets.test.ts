/** A client offers to go on with WebSocket's frames: what is HTTP, what goes to the function's server, and how both ends part. */
import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../../src/model/exchange.ts';
import { ask, bytes, Client, type Handler, NONE, replies, TestIngress } from './harness.ts';

const OFFER = 'Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n';
const get = (path: string, more = ''): string => `GET /function/${path} HTTP/1.1\r\nHost: weft\r\n${more}\r\n`;
const HEAD = bytes('Sec-WebSocket-Accept: yes\r\nContent-Length: 0\r\n');
const WRITE_MS = 300;

const waiting: Exchange[] = [];
const hold: Handler = (exchange) => waiting.push(exchange);
/** What a function's server holds of the connections that were given away. */
const servers: Duplex[] = [];

function accept(exchange: Exchange): Duplex {
  const [server, given] = duplexPair();
  servers.push(server);
  server.setEncoding('latin1');
  assert.ok(exchange.toWebSocket);
  exchange.toWebSocket(HEAD, given);
  // Of duplexPair, each side is closed by itself.
  given.on('close', () => server.destroy());
  server.on('close', () => given.destroy());
  server.on('error', () => {});
  return server;
}

let server: TestIngress;
before(async () => {
  server = await TestIngress.start({
    functions: { hold, socket: (exchange) => void accept(exchange) },
    limits: { writeMs: WRITE_MS, idleMs: WRITE_MS, sweepMs: 20 },
  });
});
afterEach(() => {
  for (const each of servers.splice(0)) each.destroy();
});
after(() => server.close());

async function held(): Promise<Exchange> {
  for (;;) {
    const exchange = waiting.shift();
    if (exchange) return exchange;
    await sleep(1);
  }
}

async function untilTrue(what: () => boolean): Promise<void> {
  while (!what()) await sleep(1);
}

async function said(from: Duplex, text: string): Promise<void> {
  let heard = '';
  while (!heard.endsWith(text)) {
    heard += from.read() ?? '';
    await sleep(1);
  }
  assert.equal(heard, text);
}

async function open(path = 'socket'): Promise<{ client: Client; at: Duplex }> {
  const client = await Client.connect(server.port);
  client.send(get(path, OFFER));
  await client.until((text) => text.endsWith('\r\n\r\n'));
  const at = servers.at(-1);
  assert.ok(at);
  return { client, at };
}

test('the answer is a 101 of its own framing; then bytes go both ways as they are', async () => {
  const { client, at } = await open();
  assert.match(
    client.text,
    /^HTTP\/1\.1 101 Switching Protocols\r\nDate: [^\r]+\r\nSec-WebSocket-Accept: yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/,
  );
  client.send('GET / HTTP/1.1\r\n\r\n\0\xff');
  await said(at, 'GET / HTTP/1.1\r\n\r\n\0\xff');
  at.write('\x81\x02hi', 'latin1');
  await client.until((text) => text.endsWith('\r\n\r\n\x81\x02hi'));
  // Longer than a connection may be idle, and than a client may take nothing.
  await sleep(3 * WRITE_MS);
  client.send('still');
  await said(at, 'still');
  client.close();
  await untilTrue(() => at.destroyed);
});

test('what a client sends before it has its answer is the WebSocket’s once the offer is taken', async () => {
  const client = await Client.connect(server.port);
  await client.sendPieces([get('echo'), get('hold', OFFER), 'GET /function', '/echo'].map(bytes));
  const exchange = await held();
  await sleep(20);
  client.send(' more');
  const at = accept(exchange);
  await said(at, 'GET /function/echo more');
  assert.deepEqual(
    replies(client.text.slice(0, client.text.indexOf('HTTP/1.1 101'))).map(({ status }) => status),
    [200],
  );
  client.close();
});

test('it is HTTP when the offer is not taken', async () => {
  const client = await Client.connect(server.port);
  client.send(get('hold', OFFER) + get('echo') + get('hold', OFFER));
  (await held()).respond(426, NONE, bytes('no'));
  const exchange = await held();
  exchange.begin(200, NONE);
  exchange.write(bytes('streamed'));
  exchange.end();
  client.send(get('echo'));
  const text = await client.until((all) => all.split('HTTP/1.1').length === 5 && all.endsWith('\r\n\r\n'));
  assert.deepEqual(
    replies(text).map(({ status, body }) => [status, body]),
    [
      [426, 'no'],
      [200, ''],
      [200, 'streamed'],
      [200, ''],
    ],
  );
  client.close();
});

for (const [what, request] of [
  ['HTTP/1.0', get('hold', OFFER).replace('HTTP/1.1', 'HTTP/1.0')],
  ['another method', get('hold', `Content-Length: 0\r\n${OFFER}`).replace('GET', 'POST')],
  ['a body', `${get('hold', `Content-Length: 1\r\n${OFFER}`)}x`],
  ['another protocol', get('hold', OFFER.replace('WebSocket', 'h2c'))],
  ['more protocols than one', get('hold', OFFER.replace('WebSocket', 'websocket, h2c'))],
  ['more offers than one', get('hold', `${OFFER}Upgrade: websocket\r\n`)],
  ['no word of it in Connection', get('hold', 'Upgrade: websocket\r\n')],
  ['a connection that is to be closed', get('hold', OFFER.replace('keep-alive', 'close'))],
] as const)
  test(`${what}: no offer`, async () => {
    const answer = ask(server.port, request);
    const exchange = await held();
    assert.equal(exchange.toWebSocket, undefined);
    exchange.respond(200, NONE, NONE);
    assert.match(await answer, /^HTTP\/1\.1 200 /);
  });

test('what is not for a function is answered as ever', async () => {
  const text = await ask(server.port, `GET /healthz HTTP/1.1\r\nHost: weft\r\n${OFFER}\r\n${get('echo')}`);
  assert.deepEqual(
    replies(text).map(({ status }) => status),
    [404, 200],
  );
});

test('a head that cannot be sent is a 502, and the server is let go', async () => {
  const answer = ask(server.port, get('hold', OFFER));
  const exchange = await held();
  const [, given] = duplexPair();
  exchange.toWebSocket?.(bytes('Sec-WebSocket-Accept: \0\r\n'), given);
  assert.ok(given.destroyed);
  assert.match(await answer, /^HTTP\/1\.1 502 [^]*WEFT_BAD_RESPONSE[^]*header .*Sec-WebSocket-Accept/);
});

test('an offer that is taken when its client has gone lets the server go', async () => {
  const client = await Client.connect(server.port);
  client.send(get('hold', OFFER));
  const exchange = await held();
  client.socket.resetAndDestroy();
  await untilTrue(() => exchange.closed);
  const [, given] = duplexPair();
  exchange.toWebSocket?.(HEAD, given);
  assert.ok(given.destroyed);
});

test('the server ends: the client gets the rest and the end', async () => {
  const { client, at } = await open();
  at.end('x'.repeat(300_000));
  const text = await client.untilEnd();
  assert.ok(text.endsWith(`\r\n\r\n${'x'.repeat(300_000)}`));
  client.close();
});

test('the client ends: the server hears of it and has the last word', async () => {
  const { client, at } = await open();
  at.resume();
  at.on('end', () => at.end('bye'));
  client.socket.end();
  assert.ok((await client.untilEnd()).endsWith('\r\n\r\nbye'));
});

test('a server that does not end after its client has is let go', async () => {
  const { client, at } = await open();
  client.socket.end();
  await untilTrue(() => at.destroyed);
  await client.untilClosed();
});

test('a client that takes nothing makes the server wait, and is cut off', async () => {
  const { client, at } = await open();
  client.socket.pause();
  let written = 0;
  const pour = (): void => {
    while (!at.destroyed && at.write('x'.repeat(65_536))) written += 65_536;
  };
  at.on('drain', pour);
  pour();
  await untilTrue(() => at.destroyed);
  assert.ok(written < 32 * 1024 * 1024, `${written} bytes were taken for it`);
  client.close();
});

test('a client that takes a little at a time is not', async () => {
  const { client, at } = await open();
  const pour = (): void => {
    while (!at.destroyed && at.write('x'.repeat(65_536))) continue;
  };
  at.on('drain', pour);
  pour();
  for (const until = performance.now() + 5 * WRITE_MS; performance.now() < until && !client.closed; ) {
    await client.untilReceived(client.received + 256 * 1024);
    client.socket.pause();
    await sleep(10);
    client.socket.resume();
  }
  assert.ok(!at.destroyed && !client.closed);
  client.close();
});

test('a server that takes nothing makes the client wait', async () => {
  const { client, at } = await open();
  const piece = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent < 64; sent += 1) client.send(piece);
  await sleep(WRITE_MS);
  assert.ok(client.socket.writableLength > 32 * piece.length, `${client.socket.writableLength} bytes are still here`);
  let taken = 0;
  at.on('data', (text: string) => {
    taken += text.length;
  });
  await untilTrue(() => taken === 64 * piece.length);
  client.close();
});

test('shutting down does not wait for it', async () => {
  const closing = await TestIngress.start({ functions: { socket: (exchange) => void accept(exchange) } });
  const client = await Client.connect(closing.port);
  client.send(get('socket', OFFER));
  await client.until((text) => text.endsWith('\r\n\r\n'));
  const since = performance.now();
  const closed = closing.ingress.close(60_000);
  await client.untilEnd();
  client.close();
  await closed;
  assert.ok(performance.now() - since < 30_000);
});
