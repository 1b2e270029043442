/**
 * Random and mutated bytes against the parser and all around it. Node's own server is the yardstick: what the ingress
 * takes for requests, Node must take for the same requests. The ingress may be stricter, never laxer.
 * A failure prints its seed; WEFT_FUZZ_SEED and WEFT_FUZZ_RUNS repeat it or run longer.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { ask, bytes, replies, TestIngress } from './harness.ts';

const SEED = Number(process.env['WEFT_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env['WEFT_FUZZ_RUNS'] ?? 1500);

interface Taken {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

let server: TestIngress;
let yardstick: Server;
let taken: Taken[] = [];

before(async () => {
  server = await TestIngress.start();
  yardstick = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      taken.push({ method: request.method ?? '', url: request.url ?? '', body: Buffer.concat(chunks).toString('latin1') });
      response.end();
    });
  });
  yardstick.on('checkContinue', (request, response) => yardstick.emit('request', request, response));
  yardstick.on('checkExpectation', (request, response) => yardstick.emit('request', request, response));
  yardstick.listen(0, '127.0.0.1');
  await once(yardstick, 'listening');
});
after(async () => {
  await server.close();
  yardstick.close();
});

/** A small generator whose whole state is one number, so that a seed says all (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** None has an Upgrade: Node loses the requests that come in one chunk behind one, the ingress does not. */
const SAMPLES = [
  'POST /function/echo HTTP/1.1\r\nHost: weft\r\nContent-Length: 5\r\n\r\nhello',
  'POST /function/echo/a?b HTTP/1.1\r\nHost: weft\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\n',
  'GET /function/echo HTTP/1.1\r\nHost: weft\r\nConnection: close\r\n\r\n',
  'GET http://weft/function/echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'PUT /function/echo HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx',
];
const TOKENS = [
  '\r\n',
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '/',
  '?',
  '#',
  '*',
  '%00',
  '\x7f',
  '\xff',
  '0',
  '-1',
  '5',
  'fffffffff',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Host: a\r\n',
  'Expect: x\r\n',
  'Connection: close\r\n',
  '\r\n\r\n',
  '0\r\n\r\n',
  'GET ',
  'POST ',
  'OPTIONS * ',
];

type Random = (below: number) => number;
const pick = <T>(random: Random, from: readonly T[]): T => {
  const one = from[random(from.length)];
  if (one === undefined) throw new RangeError('nothing to pick from');
  return one;
};

function mutate(random: Random, input: string): string {
  const at = random(input.length + 1);
  const to = Math.min(input.length, at + random(8));
  switch (random(6)) {
    case 0:
      return input.slice(0, at) + input.slice(to);
    case 1:
      return input.slice(0, at) + String.fromCharCode(random(256)) + input.slice(at + 1);
    case 2:
      return input.slice(0, at) + pick(random, TOKENS) + input.slice(at);
    case 3:
      return input.slice(0, to) + input.slice(at);
    case 4:
      return input.slice(0, at) + pick(random, TOKENS) + input.slice(to);
    default:
      return input.slice(0, at) + pick(random, SAMPLES).slice(random(40));
  }
}

function noise(random: Random): string {
  return Array.from({ length: random(200) }, () => (random(4) === 0 ? pick(random, TOKENS) : String.fromCharCode(random(256)))).join('');
}

function input(random: Random): string {
  if (random(10) === 0) return noise(random);
  let text = Array.from({ length: 1 + random(3) }, () => pick(random, SAMPLES)).join('');
  for (let left = random(4); left > 0; left -= 1) text = mutate(random, text);
  return text;
}

const EXPECTED = new Set([100, 200, 204, 400, 404, 408, 413, 414, 417, 431, 501, 505]);

async function fuzzOnce(seed: number): Promise<number> {
  const random = generator(seed);
  const wire = input(random);
  const cut = random(wire.length + 1);
  server.seen.length = 0;
  taken = [];
  const text = await ask(server.port, bytes(wire.slice(0, cut)), bytes(wire.slice(cut)));
  const asked = [...server.seen];
  const methods = [...asked.map((one) => one.method)];
  for (const reply of replies(text, methods)) assert.ok(EXPECTED.has(reply.status), `status ${reply.status}`);
  if (asked.length > 0) await ask((yardstick.address() as AddressInfo).port, bytes(wire));
  for (const [i, one] of asked.entries()) {
    const [, target = ''] = one.head.slice(0, one.head.indexOf('\r\n')).split(' ');
    const other = taken.find((node) => node.method === one.method && node.url === target && node.body === one.body);
    assert.ok(other, `request ${i + 1}, ${JSON.stringify(one)}, is not one that Node sees: ${JSON.stringify(taken)}`);
    taken.splice(taken.indexOf(other), 1);
  }
  return asked.length;
}

test(`whatever arrives, the ingress answers legally, takes nothing for a request that Node does not, and goes on (seed ${SEED})`, async () => {
  let requests = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const seed = (SEED + run * 7919) | 0;
    try {
      requests += await fuzzOnce(seed);
    } catch (cause) {
      throw new Error(`WEFT_FUZZ_SEED=${seed} WEFT_FUZZ_RUNS=1: ${JSON.stringify(input(generator(seed)))}`, { cause });
    }
  }
  assert.ok(requests > RUNS / 4, `the fuzzing reaches functions: ${requests} requests in ${RUNS} runs`);
  assert.equal(replies(await ask(server.port, SAMPLES[0] ?? ''))[0]?.body, 'hello');
});
