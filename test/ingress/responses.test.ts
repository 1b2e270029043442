import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../../src/model/exchange.ts';
import { ask, bytes, Client, NONE, replies, TestIngress } from './harness.ts';

let answer: (exchange: Exchange) => void = () => {};
let server: TestIngress;
before(async () => {
  server = await TestIngress.start({ functions: { f: (exchange) => answer(exchange) } });
});
after(() => server.close());

const GET = 'GET /function/f HTTP/1.1\r\nHost: weft\r\n\r\n';

for (const [name, status, head] of [
  ['a bare LF', 200, 'A: b\n'],
  ['a bare CR', 200, 'A: b\rC: d\r\n'],
  ['an end in the middle of a line', 200, 'A: b'],
  ['an end before the LF', 200, 'A: b\r'],
  ['an end in a name', 200, 'Abc'],
  ['a NUL', 200, 'A: \0\r\n'],
  ['an escape character', 200, 'A: \x1b\r\n'],
  ['DEL', 200, 'A: \x7f\r\n'],
  ['a second answer after a blank line', 200, 'A: b\r\n\r\nHTTP/1.1 200 OK\r\n'],
  ['a blank before the colon', 200, 'A : b\r\n'],
  ['no colon', 200, 'A\r\n'],
  ['no name', 200, ': b\r\n'],
  ['a folded line', 200, 'A: b\r\n c\r\n'],
  ['a name with a high byte', 200, 'A\xe9: b\r\n'],
  ['Transfer-Encoding', 200, 'Transfer-Encoding: chunked\r\n'],
  ['transfer-encoding', 200, 'A: b\r\ntransfer-encoding: chunked\r\n'],
  ['Connection', 200, 'Connection: keep-alive\r\n'],
  ['Keep-Alive', 200, 'Keep-Alive: timeout=5\r\n'],
  ['Proxy-Connection', 200, 'Proxy-Connection: close\r\n'],
  ['Upgrade', 200, 'UPGRADE: h2c\r\n'],
  ['Trailer', 200, 'Trailer: A\r\n'],
  ['TE', 200, 'TE: trailers\r\n'],
  ['a wrong Content-Length', 200, 'Content-Length: 3\r\n'],
  ['two Content-Lengths, one wrong', 200, 'Content-Length: 2\r\nContent-Length: 3\r\n'],
  ['status 100', 100, ''],
  ['status 101', 101, ''],
  ['status 199', 199, ''],
  ['status 600', 600, ''],
  ['status 0', 0, ''],
  ['status 200.5', 200.5, ''],
] as const) {
  test(`an answer with ${name} is 502 and reported, and nothing of it reaches the client`, async () => {
    answer = (exchange) => exchange.respond(status, bytes(head), bytes('ok'));
    server.badResponses.length = 0;
    const [first, second] = replies(await ask(server.port, GET + GET));
    assert.deepEqual([first?.status, second?.status], [502, 502]);
    assert.equal(JSON.parse(first?.body ?? '').error.code, 'WEFT_BAD_RESPONSE');
    assert.deepEqual(
      Object.keys(first?.headers ?? {}).filter((key) => key !== 'connection'),
      ['date', 'content-length', 'content-type'],
    );
    assert.deepEqual(
      server.badResponses.map((error) => error.details['name']),
      ['f', 'f'],
    );
  });
}

test('a streamed answer with illegal headers is 502, too, and what the function goes on writing is dropped', async () => {
  answer = (exchange) => {
    exchange.begin(200, bytes('A: b\n'));
    exchange.write(bytes('more'));
    exchange.end();
  };
  assert.deepEqual(
    replies(await ask(server.port, GET)).map((reply) => reply.status),
    [502],
  );
});

test('legal headers of all kinds pass as they are', async () => {
  const head = 'Set-Cookie: a=b\r\nset-cookie: c\r\nX:\r\nY:\tv \r\nZ: \x80\xff"(),/:;<=>?@[\\]{}\r\n!#$%&\'*+-.^_`|~09: x\r\n';
  answer = (exchange) => exchange.respond(299, bytes(head), bytes('ok'));
  const text = await ask(server.port, GET);
  assert.ok(text.includes(`\r\n${head}`), text);
  assert.ok(text.startsWith('HTTP/1.1 299 \r\n'));
});

test("a function's own Date takes the place of ours, and its right Content-Length is not sent twice", async () => {
  answer = (exchange) => exchange.respond(200, bytes('Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 2\r\nA: b\r\n'), bytes('ok'));
  const text = await ask(server.port, GET);
  assert.equal(text.match(/date:/gi)?.length, 1);
  assert.equal(text.match(/content-length:/gi)?.length, 1);
  const [reply] = replies(text);
  assert.deepEqual([reply?.body, reply?.headers['date'], reply?.headers['a']], ['ok', 'Thu, 01 Jan 1970 00:00:00 GMT', 'b']);
});

for (const status of [204, 304]) {
  test(`${status} goes out without a body, whatever the function gave`, async () => {
    answer = (exchange) => exchange.respond(status, NONE, bytes('body'));
    assert.deepEqual(
      replies(await ask(server.port, GET + GET)).map((reply) => reply.status),
      [status, status],
    );
  });
}

test('205 says that it has no body', async () => {
  answer = (exchange) => exchange.respond(205, NONE, bytes('body'));
  assert.deepEqual(
    replies(await ask(server.port, GET + GET)).map((reply) => [reply.status, reply.headers['content-length'], reply.body]),
    [
      [205, '0', ''],
      [205, '0', ''],
    ],
  );
});

test('a stream is chunked in HTTP/1.1; empty pieces do not end it', async () => {
  answer = (exchange) => {
    exchange.begin(200, bytes('Content-Type: text/plain\r\nContent-Length: 99\r\n'));
    for (const piece of ['one ', '', 'two ', 'x'.repeat(20_000)]) exchange.write(bytes(piece));
    exchange.end();
  };
  const [first, second] = replies(await ask(server.port, GET + GET));
  for (const reply of [first, second]) {
    assert.equal(reply?.body, `one two ${'x'.repeat(20_000)}`);
    assert.deepEqual([reply?.headers['transfer-encoding'], reply?.headers['content-length']], ['chunked', undefined]);
  }
});

test('a stream to HTTP/1.0 ends with the connection, even where keep-alive was asked for', async () => {
  answer = (exchange) => {
    exchange.begin(200, NONE);
    exchange.write(bytes('one'));
    exchange.end();
  };
  const client = await Client.connect(server.port);
  client.send('GET /function/f HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  const text = await client.untilEnd();
  assert.match(text, /\r\nConnection: close\r\n\r\none$/);
  client.close();
});

test('a stream for HEAD has no body', async () => {
  answer = (exchange) => {
    exchange.begin(200, NONE);
    exchange.write(bytes('one'));
    exchange.end();
  };
  const head = GET.replace('GET', 'HEAD');
  const text = await ask(server.port, head + head);
  assert.deepEqual(
    replies(text, ['HEAD', 'HEAD']).map((reply) => reply.status),
    [200, 200],
  );
});

test('a stream that breaks off never looks whole', async () => {
  for (const version of ['1.0', '1.1']) {
    answer = (exchange) => {
      exchange.begin(200, NONE);
      exchange.write(bytes('one'));
      setTimeout(() => exchange.abort(), 5);
    };
    const client = await Client.connect(server.port);
    client.send(`GET /function/f HTTP/${version}\r\nHost: weft\r\n\r\n`);
    const text = await client.untilClosed();
    assert.ok(!client.ended, 'a reset, not an orderly end');
    assert.ok(!text.endsWith('0\r\n\r\n'));
  }
});

test('only the first answer counts', async () => {
  answer = (exchange) => {
    exchange.respond(200, NONE, bytes('first'));
    exchange.respond(201, NONE, bytes('second'));
    exchange.begin(202, NONE);
    exchange.write(bytes('third'));
    exchange.end();
    exchange.abort();
  };
  assert.deepEqual(
    replies(await ask(server.port, GET)).map((reply) => reply.body),
    ['first'],
  );
});

test('the answer is copied: memory that changes afterwards does not', async () => {
  for (const size of [10, 100_000]) {
    answer = (exchange) => {
      const memory = Buffer.alloc(size, 'a');
      exchange.respond(200, NONE, memory);
      memory.fill('b');
    };
    assert.equal(replies(await ask(server.port, GET))[0]?.body, 'a'.repeat(size));
    answer = (exchange) => {
      const memory = Buffer.alloc(size, 'a');
      exchange.begin(200, NONE);
      exchange.write(memory);
      memory.fill('b');
      exchange.end();
    };
    assert.equal(replies(await ask(server.port, GET))[0]?.body, 'a'.repeat(size));
  }
});

test('a large answer reaches a client that reads slowly, whole', async () => {
  const body = Buffer.alloc(8 * 1024 * 1024, 'abcdefg');
  answer = (exchange) => exchange.respond(200, NONE, body);
  const client = await Client.connect(server.port);
  client.socket.pause();
  client.send(GET);
  await sleep(50);
  client.socket.resume();
  const text = await client.until((all) => all.length > body.length);
  assert.ok(text.endsWith(body.toString('latin1')));
  client.close();
});

test('a writer to a slow client is told to wait, and goes on when the client reads', async () => {
  const piece = Buffer.alloc(256 * 1024, 'x');
  let waits = 0;
  answer = async (exchange) => {
    exchange.begin(200, NONE);
    for (let i = 0; i < 64; i += 1) {
      if (exchange.write(piece)) continue;
      waits += 1;
      await exchange.drained();
    }
    exchange.end();
  };
  const client = await Client.connect(server.port);
  client.socket.pause();
  client.send(GET);
  await sleep(50);
  const before = waits;
  assert.ok(before > 0, 'it waits');
  client.socket.resume();
  const text = await client.until((all) => all.endsWith('0\r\n\r\n'));
  assert.equal(replies(text)[0]?.body.length, 64 * piece.length);
  client.close();
});

test('a function can see that its client hung up, and a writer that waits for it comes to its end', async () => {
  const seen: Exchange[] = [];
  let ended = false;
  answer = async (exchange) => {
    seen.push(exchange);
    exchange.begin(200, NONE);
    while (!exchange.closed) {
      exchange.write(Buffer.alloc(1024 * 1024));
      await exchange.drained();
      await sleep(1);
    }
    exchange.end();
    ended = true;
  };
  const client = await Client.connect(server.port);
  client.socket.pause();
  client.send(GET);
  while (seen.length === 0) await sleep(1);
  assert.equal(seen[0]?.closed, false);
  client.socket.resetAndDestroy();
  while (!ended) await sleep(1);
  assert.equal(seen[0]?.closed, true);
});

test('a client that has closed in the usual way is found out by what is written to it', async () => {
  const seen: Exchange[] = [];
  let hungUp = 0;
  answer = (exchange) => {
    exchange.onHungUp = () => {
      hungUp += 1;
    };
    seen.push(exchange);
  };
  const client = await Client.connect(server.port);
  client.send(GET);
  while (seen.length === 0) await sleep(1);
  client.close();
  await client.untilClosed();
  seen[0]?.begin(200, NONE);
  while (hungUp === 0) {
    seen[0]?.write(bytes('x'));
    await sleep(1);
  }
  assert.equal(seen[0]?.closed, true);
});

test('a function that throws is a 500, and the connection goes on', async () => {
  answer = () => {
    throw new Error('no');
  };
  assert.deepEqual(
    replies(await ask(server.port, GET + GET)).map((reply) => reply.status),
    [500, 500],
  );
});
