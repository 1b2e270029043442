import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, bytes, Client, NONE, replies, TestIngress } from './harness.ts';

let server: TestIngress;
before(async () => {
  server = await TestIngress.start({
    maxRequestBytes: 1000,
    functions: {
      later: (exchange) => {
        const body = Buffer.from(exchange.body);
        setTimeout(() => exchange.respond(200, NONE, body), 5);
      },
      headers: (exchange) => exchange.respond(201, bytes('Content-Type: text/plain\r\nX-Two: a b\r\n'), bytes('made')),
      empty: (exchange) => exchange.respond(204, NONE, NONE),
    },
  });
});
after(() => server.close());

/** What the functions saw of one conversation. */
async function seen(...pieces: (string | Uint8Array)[]): Promise<{ text: string; seen: TestIngress['seen'] }> {
  server.seen.length = 0;
  const text = await ask(server.port, ...pieces);
  return { text, seen: [...server.seen] };
}

test('a POST reaches its function with head, path, query and body', async () => {
  const request = 'POST /function/echo/a/b%20c?x=1&y=%2f HTTP/1.1\r\nHost: weft\r\nContent-Length: 5\r\nX-Trace: \x80bc \r\n\r\n';
  const {
    text,
    seen: [exchange],
  } = await seen(`${request}hello`);
  assert.deepEqual(exchange, {
    name: 'echo',
    method: 'POST',
    path: '/a/b%20c',
    query: 'x=1&y=%2f',
    head: request.slice(0, -2),
    body: 'hello',
  });
  const [reply] = replies(text);
  assert.equal(reply?.status, 200);
  assert.equal(reply?.body, 'hello');
  assert.equal(reply?.headers['content-length'], '5');
  assert.match(reply?.headers['date'] ?? '', /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/);
});

test('status, headers and body of an answer are what the function set', async () => {
  const [reply] = replies(await ask(server.port, 'GET /function/headers HTTP/1.1\r\nHost: weft\r\n\r\n'));
  assert.equal(reply?.status, 201);
  assert.equal(reply?.headers['content-type'], 'text/plain');
  assert.equal(reply?.headers['x-two'], 'a b');
  assert.equal(reply?.body, 'made');
});

for (const [target, path, query] of [
  ['/function/echo', '', ''],
  ['/function/echo/', '/', ''],
  ['/function/echo?', '', ''],
  ['/function/echo?a=b?c/d', '', 'a=b?c/d'],
  ['/function/echo/x/../y//z', '/x/../y//z', ''],
  ['http://other:99/function/echo/p?q', '/p', 'q'],
  ['HTTPS://other/function/echo', '', ''],
] as const) {
  test(`target ${target} is path "${path}" and query "${query}"`, async () => {
    const {
      seen: [exchange],
    } = await seen(`GET ${target} HTTP/1.1\r\nHost: weft\r\n\r\n`);
    assert.deepEqual([exchange?.name, exchange?.path, exchange?.query], ['echo', path, query]);
  });
}

for (const target of ['/function/nope', '/function/', '/function/ech', '/function/echo2', '/function/echo%20', '/function/e~cho/x']) {
  test(`${target} is not found, in the shape of the error catalogue`, async () => {
    const [reply, next] = replies(
      await ask(server.port, `GET ${target} HTTP/1.1\r\nHost: weft\r\n\r\nGET /function/echo HTTP/1.1\r\nHost: weft\r\n\r\n`),
    );
    assert.equal(reply?.status, 404);
    assert.equal(JSON.parse(reply?.body ?? '').error.code, 'WEFT_FUNCTION_NOT_FOUND');
    assert.equal(next?.status, 200, 'and the connection goes on');
  });
}

test('a chunked body arrives whole, without extensions and trailers', async () => {
  const {
    text,
    seen: [exchange],
  } = await seen(
    'POST /function/echo HTTP/1.1\r\nHost: weft\r\nTransfer-Encoding: Chunked\r\n\r\n5;name=value\r\nhello\r\n6;q="x"\r\n, weft\r\n0\r\nX-Sum: 1\r\n\r\n',
  );
  assert.equal(exchange?.body, 'hello, weft');
  assert.equal(replies(text)[0]?.body, 'hello, weft');
});

test('"Connection: close" among the trailers ends the connection, as it would at a parser that heeds it: what follows is no request', async () => {
  const { text, seen: exchanges } = await seen(
    'POST /function/echo HTTP/1.1\r\nHost: weft\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nConnection: close\r\n\r\nGET /function/echo HTTP/1.1\r\nHost: weft\r\n\r\n',
  );
  assert.deepEqual(
    exchanges.map(({ body }) => body),
    ['hello'],
  );
  assert.deepEqual(
    replies(text).map(({ body, headers }) => [body, headers['connection']]),
    [['hello', 'close']],
  );
});

test('a body that comes in pieces arrives whole', async () => {
  const body = 'x'.repeat(1000);
  const pieces = [body.slice(0, 1), body.slice(1, 400), body.slice(400)];
  const {
    seen: [exchange],
  } = await seen('POST /function/echo HTTP/1.1\r\nHost: weft\r\nContent-Length: 1000\r\n\r\n', ...pieces);
  assert.equal(exchange?.body, body);
});

test('HEAD gets the length of the body and not the body', async () => {
  const text = await ask(
    server.port,
    'HEAD /function/headers HTTP/1.1\r\nHost: weft\r\n\r\nHEAD /function/nope HTTP/1.1\r\nHost: weft\r\n\r\n',
  );
  const [first, second] = replies(text, ['HEAD', 'HEAD']);
  assert.deepEqual([first?.status, first?.headers['content-length']], [201, '4']);
  assert.equal(second?.status, 404);
  assert.notEqual(second?.headers['content-length'], '0');
});

test('204 has neither body nor length', async () => {
  const [reply] = replies(await ask(server.port, 'GET /function/empty HTTP/1.1\r\nHost: weft\r\n\r\n'));
  assert.equal(reply?.status, 204);
  assert.equal(reply?.headers['content-length'], undefined);
});

test('HTTP/1.0 closes after the answer, and goes on when asked to', async () => {
  const client = await Client.connect(server.port);
  client.send('GET /function/echo HTTP/1.0\r\n\r\n');
  const [reply] = replies(await client.untilEnd());
  assert.deepEqual([reply?.status, reply?.headers['connection']], [200, 'close']);
  client.close();
  const stays = await Client.connect(server.port);
  for (let i = 1; i <= 2; i += 1) {
    stays.send('POST /function/echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx');
    const found = replies(await stays.until((text) => text.split('\r\n\r\nx').length > i));
    assert.equal(found[i - 1]?.headers['connection'], 'keep-alive');
  }
  stays.close();
});

test('Connection: close ends the connection after that answer; what follows is not run', async () => {
  const { text, seen: exchanges } = await seen(
    'GET /function/later HTTP/1.1\r\nHost: weft\r\nConnection: close\r\n\r\nGET /function/echo HTTP/1.1\r\nHost: weft\r\n\r\n',
  );
  assert.deepEqual(
    replies(text).map((reply) => [reply.status, reply.headers['connection']]),
    [[200, 'close']],
  );
  assert.equal(exchanges.length, 1);
});

test('100 Continue is sent when the body is wanted, and not when it came with the head', async () => {
  const client = await Client.connect(server.port);
  const head = 'POST /function/echo HTTP/1.1\r\nHost: weft\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n';
  client.send(head);
  assert.equal(await client.until((text) => text.length > 0), 'HTTP/1.1 100 Continue\r\n\r\n');
  client.send('hello');
  await client.until((text) => text.endsWith('hello'));
  client.send(`${head}again`);
  const text = await client.until((all) => all.endsWith('again'));
  assert.equal(text.split('100 Continue').length, 2);
  client.close();
});

test('100 Continue waits for the answers before it', async () => {
  const client = await Client.connect(server.port);
  client.send(
    'POST /function/later HTTP/1.1\r\nHost: weft\r\nContent-Length: 3\r\n\r\nonePOST /function/echo HTTP/1.1\r\nHost: weft\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n',
  );
  const text = await client.until((all) => all.includes('100 Continue'));
  assert.ok(text.indexOf('one') > 0 && text.indexOf('one') < text.indexOf('100 Continue'), text);
  client.send('3\r\ntwo\r\n0\r\n\r\n');
  assert.deepEqual(
    replies(await client.until((all) => all.endsWith('two'))).map((reply) => reply.body),
    ['one', 'two'],
  );
  client.close();
});

test('a client that waits for 100 Continue is told of an error instead, and the connection closes', async () => {
  for (const [target, length, status] of [
    ['/function/echo', 5000, 413],
    ['/function/nope', 5, 404],
  ] as const) {
    const client = await Client.connect(server.port);
    client.send(`POST ${target} HTTP/1.1\r\nHost: weft\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`);
    const [reply] = replies(await client.untilEnd());
    assert.deepEqual([reply?.status, reply?.headers['connection']], [status, 'close']);
    client.close();
  }
});

test('a body over the limit is 413 before it is read, whether announced or chunked', async () => {
  server.seen.length = 0;
  const announced = await Client.connect(server.port);
  announced.send('POST /function/echo HTTP/1.1\r\nHost: weft\r\nContent-Length: 1001\r\n\r\n');
  assert.equal(replies(await announced.untilEnd())[0]?.status, 413);
  announced.close();
  const chunked = await Client.connect(server.port);
  chunked.send(`POST /function/echo HTTP/1.1\r\nHost: weft\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n${'x'.repeat(1000)}\r\n1\r\n`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(chunked.text, '', 'so far it is within the limit');
  chunked.send('x');
  const [reply] = replies(await chunked.untilEnd());
  assert.equal(reply?.status, 413);
  assert.equal(JSON.parse(reply?.body ?? '').error.code, 'WEFT_REQUEST_TOO_LARGE');
  chunked.close();
  assert.equal(server.seen.length, 0);
});

test('a refused request whose body is all there does not end the connection', async () => {
  const text = await ask(
    server.port,
    `POST /function/echo HTTP/1.1\r\nHost: weft\r\nContent-Length: 1001\r\n\r\n${'x'.repeat(1001)}POST /function/echo HTTP/1.1\r\nHost: weft\r\nContent-Length: 2\r\n\r\nok`,
  );
  assert.deepEqual(
    replies(text).map((reply) => reply.status),
    [413, 200],
  );
});

test('OPTIONS * is answered', async () => {
  assert.equal(replies(await ask(server.port, 'OPTIONS * HTTP/1.1\r\nHost: weft\r\n\r\n'))[0]?.status, 204);
});

test('an Upgrade is ignored: the request is a request, and the bytes after it the next one', async () => {
  const text = await ask(
    server.port,
    'GET /function/echo HTTP/1.1\r\nHost: weft\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET /function/headers HTTP/1.1\r\nHost: weft\r\n\r\n',
  );
  assert.deepEqual(
    replies(text).map((reply) => reply.status),
    [200, 201],
  );
});

test('a client that ends its side after the request still gets the answer', async () => {
  const text = await ask(server.port, 'POST /function/later HTTP/1.1\r\nHost: weft\r\nContent-Length: 4\r\n\r\nlate');
  const [reply] = replies(text);
  assert.deepEqual([reply?.body, reply?.headers['connection']], ['late', 'close']);
});

test('one blank line before a request is let through', async () => {
  const text = await ask(
    server.port,
    'GET /function/echo HTTP/1.1\r\nHost: weft\r\n\r\n\r\nGET /function/headers HTTP/1.1\r\nHost: weft\r\n\r\n',
  );
  assert.deepEqual(
    replies(text).map((reply) => reply.status),
    [200, 201],
  );
});

test('a function can be told who asked', async () => {
  const clients: (string | undefined)[] = [];
  const other = await TestIngress.start({
    functions: {
      who: (exchange) => {
        clients.push(exchange.client);
        exchange.respond(200, NONE, NONE);
      },
    },
  });
  await ask(other.port, 'GET /function/who HTTP/1.1\r\nHost: weft\r\nConnection: close\r\n\r\n');
  await other.close();
  assert.deepEqual(clients, ['127.0.0.1']);
});
