/** Requests of several clients that come in one turn of the event loop. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { Arrivals } from '../../src/gateway/ingress/arrivals.ts';
import { Outbox } from '../../src/gateway/ingress/outbox.ts';
import { Connection } from '../../src/gateway/ingress/connection.ts';
import { DEFAULT_INGRESS_LIMITS } from '../../src/gateway/ingress/limits.ts';
import { RequestParser } from '../../src/gateway/ingress/parser.ts';
import { Budget } from '../../src/gateway/ingress/pending-body.ts';
import { StatusLines } from '../../src/gateway/ingress/status-lines.ts';
import { bytes, Client, type Handler, NONE, replies, TestIngress } from './harness.ts';

/** What came, in the order in which it was handed on. */
class Handed {
  readonly texts: string[] = [];
  readonly received = (lent: Uint8Array): void => void this.texts.push(Buffer.from(lent).toString('latin1'));
}

/** Answers in a later turn, from a copy: what was lent is somebody else's by then. */
const later: Handler = (exchange) => {
  const body = Buffer.from(exchange.body);
  setImmediate(() => exchange.respond(200, NONE, body));
};

test('each client gets what it asked for, however many ask at once and however much', async () => {
  const server = await TestIngress.start({ functions: { later } });
  const clients = await Promise.all(Array.from({ length: 100 }, () => Client.connect(server.port)));
  const post = (name: string, body: string): string =>
    `POST /function/${name} HTTP/1.1\r\nHost: weft\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  for (let round = 1; round <= 5; round += 1) {
    const bodies = clients.map((_, i) => `${round}/${i} `.repeat(1 + ((i * 7) % 300)));
    clients.forEach((client, i) => client.send(post(i % 3 === 0 ? 'later' : 'echo', bodies[i] ?? '')));
    await Promise.all(clients.map((client, i) => client.until((all) => all.endsWith(`\r\n\r\n${bodies[i]}`))));
  }
  for (const client of clients) client.close();
  await server.close();
});

test('what came is handed on in its order, more than there is room for at once as well', () => {
  const arrivals = new Arrivals(new Outbox());
  const handed = new Handed();
  const sent = Array.from({ length: 300 }, (_, i) => `${i} `.repeat(1 + (i % 200)));
  for (const text of sent) assert.ok(arrivals.gather(handed, bytes(text)));
  assert.ok(handed.texts.length > 0, 'there was room for all of it');
  assert.ok(handed.texts.length < sent.length, 'nothing was gathered');
  arrivals.deliver();
  assert.deepEqual(handed.texts, sent);
});

test('what is too large to be gathered comes behind what was', () => {
  const arrivals = new Arrivals(new Outbox());
  const handed = new Handed();
  assert.ok(arrivals.gather(handed, bytes('first')));
  const large = bytes('second'.repeat(1000));
  assert.equal(arrivals.gather(handed, large), false);
  handed.received(large);
  assert.deepEqual(handed.texts, ['first', 'second'.repeat(1000)]);
});

test('a client that is read twice before it could be paused loses nothing', { timeout: 20_000 }, async () => {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = await Client.connect((server.address() as AddressInfo).port);
  const [socket] = (await accepted) as [Socket];
  const outbox = new Outbox();
  const connection = new Connection(
    {
      dispatcher: { route: (name) => ({ name, maxRequestBytes: 1000 }), dispatch: (_route, exchange) => later(exchange) },
      control: () => {},
      badResponse: () => {},
      limits: DEFAULT_INGRESS_LIMITS,
      parser: new RequestParser(100),
      arrivals: new Arrivals(outbox),
      outbox,
      lines: new StatusLines(() => 0),
      pendingBodies: new Budget(1000),
      metrics: { open: 0, accepted: 0, turnedAway: 0, requests: 0, refused: {}, cutOff: 0 },
      now: () => 0,
      draining: false,
      resets: true,
      left: () => {},
    },
    socket,
  );
  const post = (body: string): string => `POST /function/later HTTP/1.1\r\nHost: weft\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  connection.received(bytes(post('first') + post('second') + post('third')));
  connection.received(bytes(post('fourth').slice(0, 30)));
  connection.received(bytes(post('fourth').slice(30)));
  const text = await client.until((all) => all.endsWith('fourth'));
  assert.deepEqual(
    replies(text).map(({ body }) => body),
    ['first', 'second', 'third', 'fourth'],
  );
  connection.destroy();
  client.close();
  server.close();
});
