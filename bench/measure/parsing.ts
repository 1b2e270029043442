/** What reading a request's head costs the ingress, without a socket. */
import { DEFAULT_INGRESS_LIMITS } from '../../src/gateway/ingress/limits.ts';
import { RequestParser } from '../../src/gateway/ingress/parser.ts';
import { readHead } from '../../src/gateway/ingress/request-head.ts';
import { WeftError } from '../../src/model/errors.ts';
import type { Measurement, Row } from '../lib/row.ts';
import { spread } from '../lib/stats.ts';

const TIMES = 200_000;
const HEADS = {
  'a load generator (4 headers)':
    'POST /function/echo HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: text/plain\r\nContent-Length: 64\r\nAccept: */*\r\n\r\n',
  'a browser (14 headers)': [
    'POST /function/echo/sub/path?query=value HTTP/1.1',
    'Host: functions.example.com',
    'Connection: keep-alive',
    'Content-Length: 64',
    'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"',
    'sec-ch-ua-mobile: ?0',
    'sec-ch-ua-platform: "Linux"',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Content-Type: application/json',
    'Accept: application/json, text/plain, */*',
    'Origin: https://functions.example.com',
    'Referer: https://functions.example.com/dashboard/overview',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
    'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark',
    '\r\n',
  ].join('\r\n'),
};

export const parsing: Measurement = {
  name: 'parsing',
  title: 'Reading a request head',
  run: (bench) => {
    const parser = new RequestParser(DEFAULT_INGRESS_LIMITS.headers);
    const rows = Object.entries(HEADS).map(([subject, text]): Row => {
      const bytes = Buffer.from(text);
      bench.progress(subject);
      parse(parser, bytes);
      const value = spread(Array.from({ length: bench.rounds }, () => parse(parser, bytes)));
      return { what: 'parsed and checked', subject, unit: 'ns', value };
    });
    return Promise.resolve(rows);
  },
};

/** Nanoseconds of one. */
function parse(parser: RequestParser, bytes: Buffer): number {
  // The parser knows again what it was given last: what came before must not help.
  const copies = [Buffer.from(bytes), Buffer.from(bytes)];
  const before = performance.now();
  for (let i = 0; i < TIMES; i++) {
    const copy = copies[i % 2] ?? bytes;
    if (parser.parse(copy, 0, copy.length) !== 'complete') throw new Error(parser.reason);
    const head = readHead(parser, copy, 0, DEFAULT_INGRESS_LIMITS);
    if (head instanceof WeftError) throw head;
  }
  return ((performance.now() - before) * 1e6) / TIMES;
}
