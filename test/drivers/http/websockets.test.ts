/** A server that is offered to go on with WebSocket's frames: its socket as it is from then on, and what becomes of the client's other requests. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpServerClient } from '../../../src/drivers/http/client.ts';
import { MalformedAnswer } from '../../../src/drivers/http/connection.ts';
import type { WireReply, WireRequest } from '../../../src/drivers/wire.ts';
import { Ending } from '../../../src/engine/ending.ts';
import { WeftError } from '../../../src/model/errors.ts';
import { ask, GET, Gatherer, send, talkTo } from './servers.ts';

const OFFER: WireRequest = { ...GET, asksForWebSocket: true };
const TAKEN = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nX-Own: 1\r\n\r\n';

class Switched extends Gatherer {
  readonly server = Promise.withResolvers<Duplex>();

  switched(head: WireReply, server: Duplex): void {
    this.reply = head;
    this.server.resolve(server);
  }
}

function offer(client: HttpServerClient, ending = new Ending()): { got: Switched; over: Promise<void> } {
  const got = new Switched();
  return { got, over: send(client, OFFER, got, ending) };
}

for (const [how, pieces] of [
  ['in one piece with its head', [`${TAKEN}first`]],
  ['after its head', [TAKEN, 'first']],
  ['when its head came in two', [TAKEN.slice(0, 40), `${TAKEN.slice(40)}fir`, 'st']],
] as const)
  test(`what a server says first is read ${how}; then both talk as they like`, async () => {
    const heard: string[] = [];
    await using talk = await talkTo(async (socket: Socket) => {
      socket.removeAllListeners('data').on('data', (said: string) => {
        heard.push(said);
        socket.end(' and last');
      });
      for (const piece of pieces) {
        socket.write(piece);
        await sleep(5);
      }
    });
    const { got, over } = offer(talk.client);
    const server = await got.server.promise;
    assert.equal(talk.server.requests[0], 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    assert.deepEqual([got.reply?.status, got.reply?.headers.at(-1)], [101, ['X-Own', '1']]);
    await sleep(20);
    server.write('GET / HTTP/1.1\r\n\r\n');
    assert.equal(await text(server), 'first and last');
    assert.deepEqual(heard, ['GET / HTTP/1.1\r\n\r\n']);
    await over;
  });

test('a server that does not take the offer answers, and its connection is used again', async () => {
  await using talk = await talkTo((socket) => socket.write('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno'));
  const { got, over } = offer(talk.client);
  await over;
  assert.deepEqual([got.reply?.status, got.text], [426, 'no']);
  assert.equal((await ask(talk.client)).text, 'no');
  assert.equal(talk.server.connections, 1);
});

for (const [what, answer] of [
  ['to another protocol', TAKEN.replace('WebSocket', 'h2c')],
  ['to none', TAKEN.replace('Upgrade: WebSocket\r\n', '')],
  ['without saying so in Connection', TAKEN.replace('Connection: Upgrade\r\n', '')],
] as const)
  test(`a server that switches ${what} is refused`, async () => {
    await using talk = await talkTo((socket) => socket.write(answer));
    await assert.rejects(offer(talk.client).over, MalformedAnswer);
  });

test('a WebSocket takes no place from requests', async () => {
  await using talk = await talkTo(
    (socket, request) => socket.write(request.includes('Upgrade') ? TAKEN : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    { connections: 1 },
  );
  const many = [offer(talk.client), offer(talk.client), offer(talk.client)];
  const waiting = ask(talk.client);
  const servers = await Promise.all(many.map(({ got }) => got.server.promise));
  assert.equal((await waiting).text, 'ok');
  for (const server of servers) server.destroy();
  await Promise.all(many.map(({ over }) => over));
});

test('it ends when it is told to, with its server, and with its client', async () => {
  await using talk = await talkTo((socket) => socket.write(TAKEN));
  const ending = new Ending();
  const told = offer(talk.client, ending);
  const itsServer = await told.got.server.promise;
  const reason = new WeftError('WEFT_DEADLINE', { name: 'it', ms: 1 });
  ending.end(reason);
  await assert.rejects(told.over, reason);
  assert.ok(itsServer.destroyed);

  const broken = offer(talk.client);
  (await broken.got.server.promise).resume();
  talk.server.hangUp();
  await broken.over;

  const closed = offer(talk.client);
  await closed.got.server.promise;
  talk.client.close();
  await closed.over;
});

test('a server that writes more than is read has to wait', async () => {
  let written = 0;
  let waited = false;
  await using talk = await talkTo((socket) => {
    socket.write(TAKEN);
    const piece = 'x'.repeat(65_536);
    const pour = (): void => {
      while (written < 512) {
        written += 1;
        if (!socket.write(piece)) return void (waited = true);
      }
      socket.end();
    };
    socket.on('drain', pour);
    pour();
  });
  const { got, over } = offer(talk.client);
  const server = await got.server.promise;
  await sleep(100);
  assert.ok(waited && written < 256, `${written} pieces are written`);
  assert.equal((await text(server)).length, 512 * 65_536);
  await over;
});
