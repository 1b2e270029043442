/** What a connection keeps of requests that are answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Exchange } from '../../src/model/exchange.ts';
import { Client, NONE, TestIngress } from './harness.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const CLIENTS = 100;
const LARGE_BYTES = 60_000;

async function usedBytes(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    collect();
    await sleep(10); // buffers are given back in a later turn
  }
  return process.memoryUsage().arrayBuffers;
}

test('a client that has all its answers costs no copy of what it had sent ahead', async () => {
  const held: Exchange[] = [];
  const answerNothing = (exchange: Exchange): void => exchange.respond(200, NONE, NONE);
  const server = await TestIngress.start({ functions: { hold: (exchange) => held.push(exchange), nothing: answerNothing } });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => Client.connect(server.port)));
  const post = (name: string, body: string): string =>
    `POST /function/${name} HTTP/1.1\r\nHost: weft\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const answered = (count: number): Promise<unknown> =>
    Promise.all(clients.map((client) => client.until((all) => all.split('HTTP/1.1 200').length > count)));
  for (const client of clients) client.send(post('nothing', 'a'));
  await answered(1);
  const before = await usedBytes();
  for (const client of clients) client.send(post('hold', 'b') + post('nothing', 'c') + post('nothing', 'd'.repeat(LARGE_BYTES)));
  while (held.length < CLIENTS) await sleep(1);
  for (const exchange of held.splice(0)) answerNothing(exchange);
  await answered(4);
  const kept = (await usedBytes()) - before;
  assert.ok(kept < (CLIENTS * LARGE_BYTES) / 4, `${kept} bytes`);
  for (const client of clients) client.close();
  await server.close();
});
