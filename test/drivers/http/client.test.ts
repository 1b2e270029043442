/** The client of function servers against real servers: framing, connections, failures, slow readers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { HttpServerClient } from '../../../src/drivers/http/client.ts';
import { ConnectionLost, MalformedAnswer, type Receiver } from '../../../src/drivers/http/connection.ts';
import { Ending } from '../../../src/engine/ending.ts';
import { WeftError } from '../../../src/model/errors.ts';
import { ask, GET, Gatherer, Impatient, POST, saying, send, talkTo } from './servers.ts';

const TOO_LATE = new WeftError('WEFT_DEADLINE', { name: 'it', ms: 1 });

const HELLO = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Empty:\r\nX-Last: \xe9 b \r\n\r\nhello';
const lost = (facts: Partial<ConnectionLost>) => (cause: unknown) => {
  assert.ok(cause instanceof ConnectionLost, String(cause));
  for (const [fact, value] of Object.entries(facts)) assert.equal(cause[fact as keyof ConnectionLost], value, fact);
  return true;
};

test('an answer has status, headers in order with their bytes, and body', async () => {
  await using talk = await talkTo(saying(HELLO));
  const { reply, text, whole } = await ask(talk.client);
  assert.deepEqual(reply, {
    status: 200,
    headers: [
      ['Content-Length', '5'],
      ['X-Empty', ''],
      ['X-Last', '\xe9 b'],
    ],
    bodyBytes: 5,
  });
  assert.deepEqual([text, whole], ['hello', true]);
});

test('a request has its line, its headers and its length', async () => {
  await using talk = await talkTo(saying(HELLO));
  await ask(talk.client, {
    ...POST,
    target: '/a?b=c',
    headers: [
      ['Host', 'x'],
      ['X-A', '\xe9'],
    ],
  });
  await ask(talk.client, { ...POST, body: new Uint8Array(0) });
  await ask(talk.client, GET);
  assert.deepEqual(talk.server.requests, [
    'POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-A: \xe9\r\nContent-Length: 4\r\n\r\nbody',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  ]);
  assert.equal(talk.server.connections, 1);
});

test('a server on a TCP port is spoken to as well, with a body of 5 MB both ways', async () => {
  const server = createServer((request, response) => request.pipe(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new HttpServerClient({ kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const body = Buffer.alloc(5_000_000, 'weft ');
  const { reply, body: echoed } = await ask(client, { ...POST, body });
  assert.equal(reply?.status, 200);
  assert.ok(echoed.equals(body));
  client.close();
  server.close();
});

for (const [name, answer, body] of [
  [
    'chunked, with extensions and trailers',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n',
    'abcde',
  ],
  ['without a body by its status', 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n', ''],
  ['not modified, with the length it would have', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n', ''],
  [
    'after interim ones',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'ok',
  ],
  ['empty', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', ''],
] as const) {
  test(`an answer that is ${name} is whole, and its connection is used again`, async () => {
    await using talk = await talkTo(saying(answer));
    for (let i = 0; i < 3; i += 1) {
      const { text, whole, reply } = await ask(talk.client);
      assert.deepEqual([text, whole], [body, true]);
      assert.ok(!reply?.headers.some(([header]) => header === 'Link' || header === 'X-T'));
    }
    assert.equal(talk.server.connections, 1);
  });
}

test('the answer to HEAD has no body, whatever length it tells', async () => {
  await using talk = await talkTo(saying('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'));
  for (let i = 0; i < 2; i += 1) assert.equal((await ask(talk.client, { ...GET, method: 'HEAD' })).text, '');
  assert.equal(talk.server.connections, 1);
});

test('an answer that ends with its connection is whole then, and the next one gets a new connection', async () => {
  await using talk = await talkTo((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'));
  for (let i = 0; i < 2; i += 1) assert.equal((await ask(talk.client)).text, 'to the end');
  assert.equal(talk.server.connections, 2);
});

test('a server that says it closes is not asked again on that connection', async () => {
  await using talk = await talkTo(saying('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'));
  for (let i = 0; i < 2; i += 1) assert.equal((await ask(talk.client)).text, 'ok');
  assert.equal(talk.server.connections, 2);
});

test('a server that sends more than was asked for is not asked again on that connection', async () => {
  await using talk = await talkTo(saying(`${HELLO}${HELLO}`));
  for (let i = 0; i < 2; i += 1) assert.equal((await ask(talk.client)).text, 'hello');
  assert.equal(talk.server.connections, 2);
});

test('an answer that comes in pieces of any size is the same answer', async () => {
  const answer =
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nName: value\r\nX-E:\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: answer.length }), { maxLength: 6 }), async (cuts) => {
      const at = [...new Set(cuts)].toSorted((a, b) => a - b);
      await using talk = await talkTo((socket) => {
        void (async () => {
          for (const [i, end] of [...at, answer.length].entries()) {
            socket.write(answer.slice(at[i - 1] ?? 0, end));
            await sleep(1);
          }
        })();
      });
      const { reply, text } = await ask(talk.client);
      assert.deepEqual(
        [reply?.status, reply?.headers.slice(0, 2), text],
        [
          201,
          [
            ['Name', 'value'],
            ['X-E', ''],
          ],
          'hello world',
        ],
      );
    }),
    { numRuns: 25 },
  );
});

for (const [name, answer, reason] of [
  ['no HTTP', 'hello there\r\n\r\n', /HTTP/],
  ['of another version', 'HTTP/3.7 200 OK\r\n\r\n', /version/i],
  ['of a status with letters', 'HTTP/1.1 2x0 OK\r\n\r\n', /status/i],
  ['of two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', /content-length/i],
  ['of a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n', /content-length/i],
  [
    'both chunked and of a length',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    /transfer-encoding|content-length/i,
  ],
  ['of a header without a colon', 'HTTP/1.1 200 OK\r\nbroken\r\n\r\n', /header/i],
  ['of a chunk size that is no number', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', /chunk/i],
  ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', /another protocol/],
  ['of a head that does not end', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(70_000)}`, /head has more than 65536 bytes/],
  ['of too many headers', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(300)}\r\n`, /more than 256 headers/],
] as const) {
  test(`an answer that is ${name} is refused, and its connection closed`, async () => {
    await using talk = await talkTo(saying(answer));
    await assert.rejects(ask(talk.client), (cause) => {
      assert.ok(cause instanceof MalformedAnswer, String(cause));
      assert.match(cause.message, reason);
      return true;
    });
    await assert.rejects(ask(talk.client), MalformedAnswer);
    assert.equal(talk.server.connections, 2);
  });
}

test('a server that is not there cannot be reached', async () => {
  await using talk = await talkTo(saying(HELLO));
  const client = new HttpServerClient({ kind: 'unix', path: `${talk.server.address.path}.not` });
  await assert.rejects(ask(client), lost({ connected: false, message: 'its server cannot be reached (ENOENT)' }));
});

test('a server that closes without an answer, or in the middle of one, is lost', async () => {
  let answer = '';
  await using talk = await talkTo((socket) => socket.end(answer));
  await assert.rejects(ask(talk.client), lost({ unanswered: true, message: 'its server closed the connection without an answer' }));
  answer = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf';
  await assert.rejects(
    ask(talk.client),
    lost({ unanswered: false, message: 'its server closed the connection in the middle of its answer' }),
  );
  answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
  await assert.rejects(ask(talk.client), lost({ unanswered: false }));
  answer = 'HTTP/1.1 200';
  await assert.rejects(ask(talk.client), lost({ unanswered: false }));
});

test('a connection that its server closed while it waited is replaced without a word', async () => {
  await using talk = await talkTo(saying(HELLO));
  for (let i = 0; i < 4; i += 1) {
    assert.equal((await ask(talk.client, POST)).text, 'hello');
    talk.server.hangUp();
    if (i % 2 === 0) await sleep(5);
  }
  assert.equal(talk.server.connections, 4);
  assert.equal(talk.server.requests.length, 4);
});

test('of a server that closes after an answer without saying so no connection is kept', async () => {
  await using talk = await talkTo((socket, _request, count) => (count === 1 ? socket.end(HELLO) : socket.write(HELLO)));
  await ask(talk.client, POST);
  await sleep(20);
  for (let i = 0; i < 2; i += 1) assert.equal((await ask(talk.client, POST)).text, 'hello');
  assert.equal(talk.server.connections, 3);
});

test('a request that was read is sent again only if it may be run twice', async () => {
  await using talk = await talkTo((socket, _request, count) => (count % 2 === 1 ? socket.write(HELLO) : socket.end()));
  await ask(talk.client);
  assert.equal((await ask(talk.client, GET)).text, 'hello');
  assert.equal(talk.server.requests.length, 3);
  await assert.rejects(ask(talk.client, POST), lost({ unsent: false, unanswered: true }));
  assert.equal(talk.server.requests.length, 4);
});

for (const kind of ['unix', 'tcp'] as const) {
  test(`a request that was read in part is not sent again (${kind}), unless it may be run twice`, async () => {
    await using server = await Impatient.start(kind, (socket) => socket.destroy());
    const body = Buffer.alloc(1_000_000, 'x');
    for (const method of ['POST', 'PUT']) {
      const client = new HttpServerClient(server.address);
      await ask(client);
      await assert.rejects(ask(client, { ...POST, method, body }), lost({ connected: true, unsent: false, unanswered: true }));
      client.close();
    }
    assert.deepEqual(server.methods, ['GET', 'POST', 'GET', 'PUT', 'PUT']);
  });
}

for (const kind of ['unix', 'tcp'] as const) {
  test(`an answer is read though the server reads no more of the request (${kind}); one that breaks off is not whole`, async () => {
    let length = 'Content-Length: 9\r\n';
    const refuse = (socket: Socket): void => {
      socket.write(`HTTP/1.1 413 Content Too Large\r\n${length}\r\ntoo large`, () => socket.destroy());
    };
    await using server = await Impatient.start(kind, refuse);
    const client = new HttpServerClient(server.address);
    const post = { ...POST, body: Buffer.alloc(1_000_000, 'x') };
    for (let i = 0; i < 10; i += 1) {
      const { reply, text, whole } = await ask(client, post);
      assert.deepEqual([reply?.status, text, whole], [413, 'too large', true]);
    }
    for (length of ['Content-Length: 10\r\n', '']) await assert.rejects(ask(client, post), lost({ connected: true, unanswered: false }));
    client.close();
  });
}

test('a server that closes each connection without an answer is asked twice, not for ever', async () => {
  await using talk = await talkTo((socket, _request, count) => (count === 1 ? socket.write(HELLO) : socket.end()));
  await ask(talk.client);
  await assert.rejects(ask(talk.client), lost({ unanswered: true }));
  assert.equal(talk.server.requests.length, 3);
});

test('a server that crashes on a request, and is gone when it is sent again, is not one that was never reached', async () => {
  await using talk = await talkTo((socket, _request, count) => (count === 1 ? socket.write(HELLO) : talk.server.crash()));
  await ask(talk.client);
  await assert.rejects(ask(talk.client, GET), lost({ connected: true, unanswered: true }));
});

test('a connection that nobody uses is closed', async () => {
  await using talk = await talkTo(saying(HELLO), { idleMs: 30 });
  await ask(talk.client);
  await sleep(200);
  await ask(talk.client);
  assert.equal(talk.server.connections, 2);
});

test('requests beyond the connections wait their turn', async () => {
  let running = 0;
  let most = 0;
  await using talk = await talkTo(
    (socket) => {
      running += 1;
      most = Math.max(most, running);
      setTimeout(() => {
        running -= 1;
        socket.write(HELLO);
      }, 2);
    },
    { connections: 3 },
  );
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask(talk.client)));
  assert.ok(answers.every(({ text }) => text === 'hello'));
  assert.deepEqual([most, talk.server.connections], [3, 3]);
});

test('who waits for a connection can give up, and the others get theirs', async () => {
  const held: (() => void)[] = [];
  await using talk = await talkTo((socket) => held.push(() => socket.write(HELLO)), { connections: 1 });
  const first = ask(talk.client);
  const impatient = new Ending();
  const second = ask(talk.client, GET, impatient);
  const third = ask(talk.client);
  impatient.end(TOO_LATE);
  await assert.rejects(second, TOO_LATE);
  while (held.length === 0) await sleep(1);
  held[0]?.();
  await first;
  while (held.length === 1) await sleep(1);
  held[1]?.();
  assert.equal((await third).text, 'hello');
});

test('an aborted request closes its connection at once', async () => {
  let closed = 0;
  await using talk = await talkTo((socket) => {
    socket.on('close', () => (closed += 1));
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
  });
  const ending = new Ending();
  const gatherer = new Gatherer();
  const sent = send(talk.client, GET, gatherer, ending);
  while (gatherer.text !== 'half') await sleep(1);
  ending.end(TOO_LATE);
  await assert.rejects(sent, TOO_LATE);
  while (closed === 0) await sleep(1);
  await assert.rejects(ask(talk.client, GET, ending), TOO_LATE);
});

test('a slow receiver stops the server, and loses nothing', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let written = 0;
  let finished = false;
  await using talk = await talkTo((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const more = (): void => {
      while (written < 512) {
        written += 1;
        if (!socket.write(chunk)) return;
      }
      finished = true;
      socket.end();
    };
    socket.on('drain', more);
    more();
  });
  let taken = 0;
  let open: (() => void) | undefined;
  const receiver: Receiver = {
    received: ({ piece }) => {
      taken += piece.length;
      return 'wait';
    },
    drained: () => new Promise((resolve) => (open = resolve)),
  };
  const sent = send(talk.client, GET, receiver);
  await sleep(100);
  assert.ok(!finished, 'the server wrote all of its 32 MiB to a client that reads nothing');
  assert.ok(taken <= 64 * 1024, `${taken}`);
  const pump = setInterval(() => open?.(), 0);
  const step = (): void => {
    open?.();
    if (!done) setImmediate(step);
  };
  let done = false;
  step();
  await sent;
  done = true;
  clearInterval(pump);
  assert.equal(taken, 512 * 64 * 1024);
});

test('a receiver can stop an answer, or fail, and the connection is closed', async () => {
  await using talk = await talkTo((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nendless'));
  await send(talk.client, GET, { received: () => 'stop', drained: () => Promise.resolve() });
  const failing: Receiver = {
    received: () => {
      throw new RangeError('no room');
    },
    drained: () => Promise.resolve(),
  };
  await assert.rejects(send(talk.client, GET, failing), /no room/);
  assert.equal(talk.server.connections, 2);
});

test('a closed client breaks off what is under way and what waits', async () => {
  await using talk = await talkTo(() => {}, { connections: 1 });
  const both = Promise.allSettled([ask(talk.client), ask(talk.client)]);
  while (talk.server.requests.length === 0) await sleep(1);
  talk.client.close();
  for (const one of await both) assert.ok(one.status === 'rejected' && one.reason instanceof ConnectionLost);
});
