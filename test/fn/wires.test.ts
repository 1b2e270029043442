/** What the contracts http and fn make of a request and an answer, on the wire. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fnWire } from '../../src/contracts/fn-wire.ts';
import { http } from '../../src/contracts/http.ts';
import type { HttpWire, WireAnswer } from '../../src/drivers/wire.ts';
import { Failure, type Input } from '../../src/engine/contract.ts';
import { settings } from '../drivers/http/settings.ts';

const CALL = { id: 'the-id', deadlineAt: Date.parse('2031-05-06T07:08:09.250Z') - performance.timeOrigin, startedAt: 0 };

function input(lines: readonly string[], more: Partial<Input> = {}): Input {
  const head = Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
  return { head, body: Buffer.from('body'), method: 'PUT', path: '/a/b', query: 'c=d', ...more };
}

const FROM_CLIENT = input([
  'PUT /function/f/a/b?c=d HTTP/1.1',
  'Host: weft.example:8080',
  'content-type: text/x',
  'x-one: 1',
  'X-One: \xe9',
  'Connection: keep-alive, X-Hop',
  'X-Hop: no',
  'Keep-Alive: 5',
  'TE: trailers',
  'Proxy-Connection: x',
  'Content-Length: 4',
  'Fn-Call-Id: forged',
]);
const FROM_FUNCTION = input([], { method: 'POST', path: '', query: '' });

const ask = (wire: HttpWire, from: Input) => wire.ask(settings('fn'), from, CALL);

function answer(wire: HttpWire, status: number, headers: readonly (readonly [string, string])[] = []): WireAnswer {
  return wire.answer(settings('fn'), { status, headers }, CALL);
}

function passed(given: WireAnswer): string {
  assert.equal(given.kind, 'pass');
  return given.kind === 'pass' ? `${given.status}\n${Buffer.from(given.head).toString('latin1')}` : '';
}

function failed(given: WireAnswer): readonly [status: number | undefined, body: string, fatal: boolean] {
  assert.ok(given.kind === 'failure' && given.failure instanceof Failure);
  return [given.failure.answer?.status, Buffer.from(given.failure.answer?.body ?? []).toString(), given.fatal];
}

describe('contract http', () => {
  test('a request keeps its method, path, query, body and headers; those of the connection stay behind', () => {
    const { headers, more = [], body, ...line } = ask(http, FROM_CLIENT);
    assert.deepEqual(line, { method: 'PUT', target: '/a/b?c=d' });
    assert.equal(Buffer.from(body).toString(), 'body');
    const [time, ...others] = [...headers, ...more].toReversed();
    assert.deepEqual(others.toReversed(), [
      ['Host', 'weft.example:8080'],
      ['content-type', 'text/x'],
      ['x-one', '1'],
      ['X-One', '\xe9'],
      ['Fn-Call-Id', 'forged'],
      ['X-Forwarded-Host', 'weft.example:8080'],
      ['X-Call-Id', 'the-id'],
    ]);
    assert.match(time?.join(' ') ?? '', /^X-Start-Time \d{19}$/);
  });

  test("the client's own call id and forwarded host stay", () => {
    const { headers, more } = ask(http, input(['GET / HTTP/1.1', 'Host: h', 'x-call-id: mine', 'X-Forwarded-Host: first']));
    assert.deepEqual(headers, [
      ['Host', 'h'],
      ['x-call-id', 'mine'],
      ['X-Forwarded-Host', 'first'],
    ]);
    assert.deepEqual(
      more?.map(([name]) => name),
      ['X-Start-Time'],
    );
  });

  test('the address of the client is told, behind those of the proxies before', () => {
    const forwardedFor = (from: Input): string | undefined => ask(http, from).headers.find(([name]) => name === 'X-Forwarded-For')?.[1];
    assert.equal(forwardedFor({ ...FROM_CLIENT, client: '10.0.0.7' }), '10.0.0.7');
    const proxied = input(['GET / HTTP/1.1', 'Host: h', 'X-Forwarded-For: 192.0.2.1']);
    assert.equal(forwardedFor({ ...proxied, client: '10.0.0.7' }), '192.0.2.1, 10.0.0.7');
    assert.equal(forwardedFor(proxied), '192.0.2.1');
    assert.equal(
      forwardedFor({ ...proxied, client: '10.0.0.8' }),
      '192.0.2.1, 10.0.0.8',
      'each client that sends the same head is told apart',
    );
  });

  test('a call from a function is a POST of /', () => {
    const { method, target, headers } = ask(http, FROM_FUNCTION);
    assert.deepEqual([method, target, headers[0]], ['POST', '/', ['Host', 'localhost']]);
  });

  test('its port is told in PORT', () => {
    assert.deepEqual(http.env(settings('http'), 'tcp:8081', 'shop'), { PORT: '8081' });
    assert.deepEqual(http.env(settings('http'), 'unix:/a', 'shop'), {});
  });

  test('any answer is passed on, less the headers of its connection', () => {
    const headers = [
      ['Content-Type', 'a/b'],
      ['Connection', 'x-hop'],
      ['X-Hop', '1'],
      ['Transfer-Encoding', 'chunked'],
      ['Set-Cookie', 'a'],
      ['Set-Cookie', 'b'],
    ] as const;
    assert.equal(passed(answer(http, 404, headers)), '404\nContent-Type: a/b\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n');
  });
});

describe('contract fn', () => {
  test("the environment is that of Fn's agent", () => {
    assert.deepEqual(fnWire.env(settings('fn'), 'unix:/tmp/iofs/lsnr.sock', 'shop'), {
      FN_FORMAT: 'http-stream',
      FN_LISTENER: 'unix:/tmp/iofs/lsnr.sock',
      FN_MEMORY: '64',
      FN_TYPE: 'sync',
      FN_FN_ID: 'f',
      FN_APP_ID: 'shop',
      FN_NAME: 'f',
      FN_APP_NAME: 'shop',
    });
    assert.deepEqual([fnWire.listens, fnWire.exclusive], ['unix', true]);
  });

  test("a client's request is a trigger's: within the headers of a call, and no header of it passes for one of them", () => {
    const { headers, more = [], body, ...line } = ask(fnWire, FROM_CLIENT);
    assert.deepEqual(line, { method: 'POST', target: '/call' });
    assert.equal(Buffer.from(body).toString(), 'body');
    assert.deepEqual(
      [...headers, ...more],
      [
        ['Host', 'localhost'],
        ['Fn-Call-Id', 'the-id'],
        ['Fn-Deadline', '2031-05-06T07:08:09.250Z'],
        ['Fn-Intent', 'httprequest'],
        ['Fn-Http-Method', 'PUT'],
        ['Fn-Http-Request-Url', 'http://weft.example:8080/function/f/a/b?c=d'],
        ['Fn-Http-H-Content-Length', '4'],
        ['Content-Type', 'text/x'],
        ['Fn-Http-H-X-One', '1'],
        ['Fn-Http-H-X-One', '\xe9'],
        ['Fn-Http-H-Fn-Call-Id', 'forged'],
      ],
    );
  });

  test('a call from a function is a plain invocation', () => {
    const { headers, more = [] } = ask(fnWire, FROM_FUNCTION);
    assert.deepEqual(
      [...headers, ...more],
      [
        ['Host', 'localhost'],
        ['Fn-Call-Id', 'the-id'],
        ['Fn-Deadline', '2031-05-06T07:08:09.250Z'],
      ],
    );
  });

  test('of an answer goes on what is meant for the client, and the id of the call', () => {
    const headers = [
      ['Content-Type', 'a/b'],
      ['fn-http-status', '404'],
      ['Fn-Http-H-X-One', '1'],
      ['fn-http-h-X-One', '2'],
      ['Fn-Http-H-', 'nameless'],
      ['Fn-Http-H-Connection', 'close'],
      ['Fn-Http-H-Content-Length', '9'],
      ['X-Inner', 'secret'],
      ['Fn-Fdk-Version', 'fdk-go/1'],
    ] as const;
    assert.equal(passed(answer(fnWire, 200, headers)), '404\nContent-Type: a/b\r\nX-One: 1\r\nX-One: 2\r\nFn-Call-Id: the-id\r\n');
    assert.equal(passed(answer(fnWire, 200)), '200\nFn-Call-Id: the-id\r\n');
  });

  for (const [status, seen, message, fatal] of [
    [502, 502, 'function failed', false],
    [504, 504, 'Timed out', true],
    [201, 502, 'invalid function response', true],
    [404, 502, 'invalid function response', true],
    [500, 502, 'invalid function response', true],
  ] as const) {
    test(`status ${status} on the socket is a ${seen} "${message}", and the instance ${fatal ? 'ends' : 'stays'}`, () => {
      assert.deepEqual(failed(answer(fnWire, status)), [seen, `{"message":"${message}"}\n`, fatal]);
    });
  }

  test("an instance that does not listen is answered with Fn's status, and what is wrong with it", () => {
    const late = fnWire.notReady?.(settings('fn'), 'late', 'it does not listen after 5000 ms');
    assert.equal(late?.answer?.status, 504);
    assert.match(Buffer.from(late.answer.body).toString(), /^\{"message":"Container initialization timed out: it does not listen/);
    const failed = fnWire.notReady?.(settings('fn'), 'failed', 'it ended: exit status 1');
    assert.equal(failed?.answer?.status, 502);
    assert.match(Buffer.from(failed.answer.body).toString(), /^\{"message":"Container failed to initialize: it ended/);
  });

  for (const status of ['', 'teapot', '99', '600', '200.5']) {
    test(`an Fn-Http-Status of "${status}" is an invalid answer`, () => {
      assert.equal(failed(answer(fnWire, 200, [['Fn-Http-Status', status]]))[1], '{"message":"invalid function response"}\n');
    });
  }
});
