/** IronFunctions' formats as their functions and clients know them, in a context. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { TestEngine } from '../engine/harness.ts';
import { ask, BOTH, CAT, ENV, environmentIn, serve } from './programs.ts';

const UUID = /^[0-9a-f-]{36}$/;

/** Answers what it was given, request after request, until its input ends: with exit code 0, or with `EXIT`. */
const HOT_HTTP = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
  static char head[8192], line[4096];
  for (;;) {
    size_t length = 0, at = 0;
    if (!fgets(line, sizeof line, stdin)) return EXIT;
    do {
      at += (size_t)snprintf(head + at, sizeof head - at, "%s", line);
      if (strncmp(line, "Content-Length: ", 16) == 0) length = strtoul(line + 16, NULL, 10);
    } while (fgets(line, sizeof line, stdin) && strcmp(line, "\\r\\n") != 0);
    char *body = malloc(length + 1);
    length = fread(body, 1, length, stdin);
    printf("HTTP/1.1 404 Not Found\\r\\nX-Ignored: yes\\r\\nContent-Length: %zu\\r\\n\\r\\n", at + length);
    fwrite(head, 1, at, stdout);
    fwrite(body, 1, length, stdout);
    fflush(stdout);
  }
}`;

const hot = (exit: number): string => HOT_HTTP.replace('EXIT', String(exit));
const prints = (text: string, exit = 0): string =>
  `#include <stdio.h>\nint main(void) { fputs(${JSON.stringify(text)}, stdout); return ${exit}; }`;

async function error(reply: Promise<{ status: number; head: string; body: string }>): Promise<string> {
  const { status, head, body } = await reply;
  assert.deepEqual([status, head], [500, 'Content-Type: application/json\r\n'], body);
  const { request_id, error: told } = JSON.parse(body) as { request_id: string; error: { message: string } };
  assert.match(request_id, UUID);
  return told.message;
}

suite('IronFunctions, default format', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await serve('iron', {
      env: { source: ENV, spec: { env: { DB: 'one' } } },
      cat: { source: CAT },
      both: { source: BOTH },
      headed: { source: CAT, stdio: { headers: { 'Content-Type': 'text/csv', 'X-Route': 'r' } } },
    });
  });
  after(() => engine.close());

  test('has its variables, all values of each header, and no others', async () => {
    const reply = await ask(engine, 'env', { method: 'PUT', target: '/a?b=c', headers: ['Host: shop', 'X-Tag: one', 'x-tag: two'] });
    assert.deepEqual(environmentIn(reply), {
      DB: 'one',
      HEADER_HOST: 'shop',
      HEADER_X_TAG: 'one two',
      METHOD: 'PUT',
      REQUEST_URL: 'http://shop/function/env/a?b=c',
      ROUTE: '/env',
    });
  });

  test('standard input is the body of a POST, the payload of a GET, else nothing', async () => {
    assert.equal((await ask(engine, 'cat', { body: 'text' })).body, 'text');
    assert.equal((await ask(engine, 'cat', { method: 'GET', target: '/?x=1&payload=a%20b+c', body: 'no' })).body, 'a b c');
    for (const method of ['GET', 'PUT', 'DELETE']) assert.equal((await ask(engine, 'cat', { method, body: 'no' })).body, '');
  });

  test('success is a 200 with the fields of the route and no type else', async () => {
    const { status, head } = await ask(engine, 'cat', { headers: ['Content-Type: text/html'] });
    assert.deepEqual([status, head], [200, '']);
    assert.equal((await ask(engine, 'headed')).head, 'Content-Type: text/csv\r\nX-Route: r\r\n');
  });

  test('an exit code is a 500 with a request id; what was printed is in the log, not lost', async () => {
    engine.takeLogs();
    assert.equal(await error(ask(engine, 'both', { body: '5' })), 'exit code 5');
    const logs = engine.takeLogs().map(({ text }) => text);
    assert.deepEqual(logs.toSorted(), ['exit code 5; printed, and not answered: one three', 'two ']);
    assert.equal(await error(ask(engine, 'both', { body: '137' })), 'out of memory error');
  });
});

suite('IronFunctions, http format', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await serve('iron-http', {
      env: { source: ENV },
      hot: { source: hot(0), spec: { env: { MY_KEY: 'a\nb' } } },
      lost: { source: hot(1) },
      headed: { source: hot(0), stdio: { headers: { 'X-Route': 'r' } } },
      chunked: { source: prints('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n') },
      endless: { source: prints('HTTP/1.0 200 OK\r\n\r\nall of it') },
      nothing: { source: prints('HTTP/1.1 204 No Content\r\n\r\n') },
      announced: { source: prints('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok') },
      silent: { source: prints('') },
      waits: { source: '#include <unistd.h>\nint main(void) { sleep(60); }', limits: { deadlineMs: 50 } },
      crashed: { source: prints('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', 4) },
      noise: { source: prints('Hello, World!\n') },
    });
  });
  after(() => engine.close());

  test('a request is a message on standard input, with its variables as header fields', async () => {
    const { status, head, body } = await ask(engine, 'hot', { method: 'PUT', target: '/x', headers: ['X-Tag: t'], body: 'the body' });
    assert.deepEqual([status, head], [200, '']);
    const [request = '', ...fields] = body.split('\r\n');
    assert.equal(request, 'GET / HTTP/1.1');
    assert.equal(fields.pop(), 'the body');
    assert.match(fields.pop() ?? '', /^Task-Id: [0-9a-f-]{36}$/);
    assert.deepEqual(fields, [
      'Header_x_tag: t',
      'Method: PUT',
      'Route: /hot',
      'Request_url: http://localhost/function/hot/x',
      'My_key: a b',
      'Fn_format: http',
      'Content-Length: 8',
    ]);
  });

  test('only the body of its answer counts; the fields of the route are added', async () => {
    assert.deepEqual([(await ask(engine, 'headed')).status, (await ask(engine, 'headed')).head], [200, 'X-Route: r\r\n']);
    assert.equal((await ask(engine, 'chunked')).body, 'abcde');
    assert.equal((await ask(engine, 'endless')).body, 'all of it');
    assert.deepEqual([(await ask(engine, 'nothing')).status, (await ask(engine, 'nothing')).body], [200, '']);
    assert.equal((await ask(engine, 'announced')).body, 'ok');
  });

  test('the end of its input is an end like any other, once it has answered', async () => {
    for (let i = 0; i < 3; i++) assert.match((await ask(engine, 'lost', { body: `no. ${i}` })).body, new RegExp(`no. ${i}$`));
  });

  test('one that takes too long is a 504, hot or not', async () => {
    assert.equal((await ask(engine, 'waits')).status, 504);
  });

  test('a program that ends without a whole answer is told at once', async () => {
    assert.equal(await error(ask(engine, 'silent')), 'the program ended without an answer');
    assert.equal(await error(ask(engine, 'crashed')), 'exit code 4');
    assert.equal(await error(ask(engine, 'noise')), 'what it printed is no HTTP answer');
    assert.equal(await error(ask(engine, 'env')), 'what it printed is no HTTP answer');
  });
});

suite('IronFunctions, json format', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await serve('iron-json', {
      echo: {
        source: `
#include <stdio.h>
int main(void) {
  static char line[65536];
  while (fgets(line, sizeof line, stdin)) {
    fputs("{\\"body\\": \\"", stdout);
    for (char *at = line; *at != '\\n'; at++) { if (*at == '"' || *at == '\\\\') putchar('\\\\'); putchar(*at); }
    puts("\\"}");
    fflush(stdout);
  }
  return 1;
}`,
        spec: { env: { MY_KEY: 'something' } },
      },
      full: {
        source: prints(
          '{"status_code": 418, "headers": {"Content-Type": "text/csv", "X-Two": ["a", "b"], "Content-Length": "9"}, "body": {"a": [1]}}',
        ),
        stdio: { headers: { 'content-type': 'text/plain', 'X-Route': 'r' } },
      },
      injected: {
        source: prints(
          String.raw`{"body": "", "headers": {"X-A": "b\r\nSet-Cookie: c=1", "X-B": ["1\n2", "\u0000 3\r\n"], "X-C: 1\r\nX-D": "d", "X-E\n": "e", "": "f"}}`,
        ),
      },
      nobody: { source: prints('{"status_code": 200}') },
      odd: { source: prints('{"body": "", "status_code": 9}') },
      noise: { source: prints('oops') },
      broken: { source: prints('{"body": nothing}') },
      half: { source: prints('{"body": "', 2) },
    });
  });
  after(() => engine.close());

  test('a request is a line of JSON, and the answer is the body of one', async () => {
    const asked = {
      method: 'POST',
      target: '/p?q=hi',
      headers: ['Host: shop', 'content-type: application/json'],
      body: '{"some":"input"}',
    };
    const { status, head, body } = await ask(engine, 'echo', asked);
    assert.deepEqual([status, head], [200, '']);
    assert.deepEqual(JSON.parse(body), {
      body: '{"some":"input"}',
      request_url: 'http://shop/function/echo/p?q=hi',
      headers: { Host: 'shop', 'Content-Type': 'application/json' },
      config: { MY_KEY: 'something' },
    });
  });

  test("status and header fields are the function's, over those of the route", async () => {
    const { status, head, body } = await ask(engine, 'full');
    assert.equal(status, 418);
    assert.deepEqual(head.trimEnd().split('\r\n').toSorted(), ['Content-Type: text/csv', 'X-Route: r', 'X-Two: a', 'X-Two: b']);
    assert.equal(body, '{"a":[1]}');
  });

  test('no name or value becomes a header line of its own', async () => {
    const { status, head } = await ask(engine, 'injected');
    assert.deepEqual([status, head], [200, 'X-A: b  Set-Cookie: c=1\r\nX-B: 1 2\r\nX-B: 3\r\n']);
  });

  test('what is no answer is told', async () => {
    assert.equal(await error(ask(engine, 'nobody')), 'its JSON answer has no body');
    assert.match(await error(ask(engine, 'odd')), /status_code/);
    assert.equal(await error(ask(engine, 'noise')), 'what it printed is no JSON object');
    assert.equal(await error(ask(engine, 'broken')), 'what it printed is not valid JSON');
    assert.equal(await error(ask(engine, 'half')), 'exit code 2');
  });
});
