/** Requests that must be refused, each whole, split at every byte and byte by byte: the answer never depends on how they arrive. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, bytes, replies, TestIngress } from './harness.ts';

const HEAD_BYTES = 400;
const LINE_BYTES = 120;
const HEADERS = 8;
const SMUGGLED = 'GET /function/echo/smuggled HTTP/1.1\r\nHost: weft\r\n\r\n';

const get = (lines: string): string => `GET /function/echo HTTP/1.1\r\nHost: weft\r\n${lines}\r\n`;
const post = (lines: string, body: string): string => `POST /function/echo HTTP/1.1\r\nHost: weft\r\n${lines}\r\n${body}`;
const chunked = (body: string): string => post('Transfer-Encoding: chunked\r\n', body);
const line = (text: string): string => `${text}\r\nHost: weft\r\n\r\n`;

const CASES: readonly (readonly [name: string, status: number, request: string])[] = [
  ['Content-Length before Transfer-Encoding', 400, post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
  ['Transfer-Encoding before Content-Length', 400, post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n')],
  ['two different Content-Lengths', 400, post('Content-Length: 4\r\nContent-Length: 5\r\n', 'abcde')],
  ['two equal Content-Lengths', 400, post('Content-Length: 4\r\nContent-Length: 4\r\n', 'abcd')],
  ['a list in Content-Length', 400, post('Content-Length: 4, 4\r\n', 'abcd')],
  ['a sign in Content-Length', 400, post('Content-Length: +4\r\n', 'abcd')],
  ['a negative Content-Length', 400, post('Content-Length: -1\r\n', '')],
  ['hexadecimal in Content-Length', 400, post('Content-Length: 0x4\r\n', 'abcd')],
  ['an empty Content-Length', 400, post('Content-Length:\r\n', '')],
  ['a Content-Length of two numbers', 400, post('Content-Length: 1 2\r\n', 'a')],
  ['a Content-Length beyond 64 bits', 400, post('Content-Length: 99999999999999999999999\r\n', '')],
  ['a Content-Length beyond 53 bits', 413, post('Content-Length: 9007199254740993\r\n', '')],
  ['an unknown transfer coding', 501, post('Transfer-Encoding: gzip\r\n', '')],
  ['a coding before chunked', 501, post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
  ['a coding after chunked', 400, post('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n')],
  ['chunked twice', 400, post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n')],
  ['chunked in two headers', 400, post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
  ['identity, then chunked', 501, post('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
  ['a coding that only ends like chunked', 501, post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
  ['chunked with a vertical tab', 400, post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n')],
  ['chunked in HTTP/1.0', 400, 'POST /function/echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a blank before the colon of Transfer-Encoding', 400, post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n')],
  ['a blank before the colon of Content-Length', 400, post('Content-Length : 4\r\n', 'abcd')],
  ['a tab before a colon', 400, get('Name\t: x\r\n')],
  ['a folded header', 400, get('Name: a\r\n b\r\n')],
  ['a folded header with a tab', 400, get('Name: a\r\n\tb\r\n')],
  ['a blank before the first header', 400, 'GET /function/echo HTTP/1.1\r\n Host: weft\r\n\r\n'],
  ['a bare LF after the request line', 400, 'GET /function/echo HTTP/1.1\nHost: weft\r\n\r\n'],
  ['a bare LF after a header', 400, 'GET /function/echo HTTP/1.1\r\nHost: weft\nName: x\r\n\r\n'],
  ['a bare LF as the blank line', 400, 'GET /function/echo HTTP/1.1\r\nHost: weft\r\n\nx'],
  ['a bare CR in a value', 400, get('Name: a\rb\r\n')],
  ['a bare CR as a line end', 400, 'GET /function/echo HTTP/1.1\rHost: weft\r\n\r\n'],
  ['a NUL in a value', 400, get('Name: a\0b\r\n')],
  ['a NUL in a name', 400, get('Na\0me: a\r\n')],
  ['a NUL in the target', 400, line('GET /function/echo\0 HTTP/1.1')],
  ['a NUL in the method', 400, line('G\0T /function/echo HTTP/1.1')],
  ['a control character in a value', 400, get('Name: a\x01b\r\n')],
  ['DEL in a value', 400, get('Name: a\x7fb\r\n')],
  ['a name that is no token', 400, get('Na(me: a\r\n')],
  ['a name with a high byte', 400, get('Na\xe9me: a\r\n')],
  ['an empty name', 400, get(': a\r\n')],
  ['a line without a colon', 400, get('Name\r\n')],
  ['a high byte in the target', 400, line('GET /function/echo/\xe9 HTTP/1.1')],
  ['a tab in the target', 400, line('GET /function/echo/\t HTTP/1.1')],
  ['a blank in the target', 400, line('GET /function/echo /x HTTP/1.1')],
  ['two blanks after the method', 400, line('GET  /function/echo HTTP/1.1')],
  ['two blanks before the version', 400, line('GET /function/echo  HTTP/1.1')],
  ['a blank after the version', 400, line('GET /function/echo HTTP/1.1 ')],
  ['a blank before the method', 400, line(' GET /function/echo HTTP/1.1')],
  ['a fragment in the target', 400, line('GET /function/echo#x HTTP/1.1')],
  ['a target without a slash', 400, line('GET function/echo HTTP/1.1')],
  ['a target of another scheme', 400, line('GET ftp://weft/function/echo HTTP/1.1')],
  ['an absolute target without a host', 400, line('GET http:///function/echo HTTP/1.1')],
  ['credentials in an absolute target', 400, line('GET http://a@b/function/echo HTTP/1.1')],
  ['"*" with something behind it', 400, line('OPTIONS *x HTTP/1.1')],
  ['"*" with another method', 400, line('GET * HTTP/1.1')],
  ['an unknown method', 400, line('FOO /function/echo HTTP/1.1')],
  ['a method in lower case', 400, line('get /function/echo HTTP/1.1')],
  ['CONNECT', 501, line('CONNECT weft:80 HTTP/1.1')],
  ['the preface of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a method of another protocol', 501, line('SOURCE /function/echo HTTP/1.1')],
  ['RTSP', 505, line('GET /function/echo RTSP/1.0')],
  ['HTTP/2.0', 505, line('GET /function/echo HTTP/2.0')],
  ['HTTP/0.9', 505, line('GET /function/echo HTTP/0.9')],
  ['HTTP/1.2', 400, line('GET /function/echo HTTP/1.2')],
  ['HTTP/1.10', 400, line('GET /function/echo HTTP/1.10')],
  ['http in lower case', 400, line('GET /function/echo http/1.1')],
  ['no version', 400, line('GET /function/echo')],
  ['no Host', 400, 'GET /function/echo HTTP/1.1\r\nName: x\r\n\r\n'],
  ['two Hosts', 400, get('Host: weft\r\n')],
  ['two Hosts in HTTP/1.0', 400, 'GET /function/echo HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['a Host that is two', 400, 'GET /function/echo HTTP/1.1\r\nHost: a, b\r\n\r\n'],
  ['a Host with a path', 400, 'GET /function/echo HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with credentials', 400, 'GET /function/echo HTTP/1.1\r\nHost: a@b\r\n\r\n'],
  ['another expectation', 417, post('Expect: 200-ok\r\nContent-Length: 1\r\n', '')],
  ['a chunk size that is no number', 400, chunked('x\r\n')],
  ['a chunk size with 0x', 400, chunked('0x1\r\na\r\n0\r\n\r\n')],
  ['a negative chunk size', 400, chunked('-1\r\na\r\n0\r\n\r\n')],
  ['an empty chunk size', 400, chunked('\r\na\r\n0\r\n\r\n')],
  ['a blank after a chunk size', 400, chunked('1 \r\na\r\n0\r\n\r\n')],
  ['a blank before a chunk size', 400, chunked(' 1\r\na\r\n0\r\n\r\n')],
  ['a chunk size beyond 64 bits', 400, chunked('fffffffffffffffff\r\na')],
  ['a chunk size over the limit', 413, chunked(`fff\r\n${'a'.repeat(101)}`)],
  ['a bare LF after a chunk size', 400, chunked('1\na\r\n0\r\n\r\n')],
  ['a bare LF in a chunk extension', 400, chunked('1;a=b\nc\r\na\r\n0\r\n\r\n')],
  ['a NUL in a chunk extension', 400, chunked('1;a\0b\r\na\r\n0\r\n\r\n')],
  ['a chunk longer than it says', 400, chunked('1\r\nab\r\n0\r\n\r\n')],
  ['a chunk without its CR', 400, chunked('1\r\na\n0\r\n\r\n')],
  ['a bare LF after the trailers', 400, chunked('1\r\na\r\n0\r\n\nx')],
  ['a NUL in a trailer', 400, chunked('0\r\nName: \0\r\n\r\n')],
  ['blank lines instead of a request', 400, '\r\n\r\n\r\n'],
  ['a blank line of a bare LF', 400, `\n${get('')}`],
  ['a request line that is too long', 414, line(`GET /function/echo/${'x'.repeat(LINE_BYTES)} HTTP/1.1`)],
  ['a request line that never ends', 414, `GET /${'x'.repeat(HEAD_BYTES * 2)}`],
  ['a header that is too long', 431, get(`Name: ${'x'.repeat(HEAD_BYTES)}\r\n`)],
  ['a header name that never ends', 431, `GET / HTTP/1.1\r\n${'x'.repeat(HEAD_BYTES * 2)}`],
  ['too many headers', 431, get('A: b\r\n'.repeat(HEADERS))],
];

let server: TestIngress;
before(async () => {
  const limits = { headBytes: HEAD_BYTES, requestLineBytes: LINE_BYTES, headers: HEADERS };
  server = await TestIngress.start({ limits, maxRequestBytes: 100 });
});
after(() => server.close());

async function assertRefused(status: number, pieces: readonly Uint8Array[]): Promise<void> {
  server.seen.length = 0;
  const answers = replies(await ask(server.port, ...pieces));
  const shape = answers.map((answer) => [answer.status, answer.headers['connection'], answer.headers['content-type']]);
  assert.deepEqual(
    shape,
    [[status, 'close', 'application/json']],
    `sent as ${JSON.stringify(pieces.map((piece) => Buffer.from(piece).toString('latin1')))}`,
  );
  assert.match(JSON.parse(answers[0]?.body ?? '').error.code, /^WEFT_/);
  assert.deepEqual(server.seen, [], 'and no function sees anything');
}

for (const [name, status, request] of CASES) {
  test(`${name}: ${status}, however it is split`, async () => {
    const whole = bytes(request + SMUGGLED);
    await assertRefused(status, [whole]);
    await assertRefused(
      status,
      [...whole].map((byte) => Uint8Array.of(byte)),
    );
    for (let at = 1; at <= request.length; at += 1) await assertRefused(status, [whole.subarray(0, at), whole.subarray(at)]);
  });
}

test('a refusal after good requests comes after their answers', async () => {
  const good = 'POST /function/echo HTTP/1.1\r\nHost: weft\r\nContent-Length: 2\r\n\r\nok';
  const answers = replies(await ask(server.port, `${good}${good}GET / HTTP/1.1\r\nHost : weft\r\n\r\n${SMUGGLED}`));
  assert.deepEqual(
    answers.map((answer) => answer.status),
    [200, 200, 400],
  );
});
