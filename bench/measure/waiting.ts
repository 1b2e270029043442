/** Many requests that wait at once in one thread, and a small function beside one that never ends. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { APPS, buildApp } from '../lib/app.ts';
import { isThere } from '../lib/processes.ts';
import { atMost, type Bench, type Measurement, type Row } from '../lib/row.ts';
import { type Spread, spread } from '../lib/stats.ts';
import { load } from '../lib/wrk.ts';
import { Weft } from '../servers/weft.ts';

const REQUESTS = 10_000;
/** Requests without effects may follow each other on a connection before the first is answered (RFC 9112, section 9.3.2). */
const ON_A_CONNECTION = 16;
const WAIT_MS = 4_000;
const LOOK_AFTER_MS = 2_500;
const MB = 1e6;
const ANSWER = 'awake';

export const waiting: Measurement = {
  name: 'waiting',
  title: 'One thread, many requests',
  async run(bench) {
    const rows = [await manyAtOnce(bench)];
    if (isThere('wrk')) rows.push(...(await besideSpinner(bench)));
    return rows;
  },
};

async function manyAtOnce(bench: Bench): Promise<Row> {
  const bundle = await buildApp(join(APPS, 'waiting'));
  const grown: number[] = [];
  for (let round = 1; round <= Math.min(bench.rounds, 3); round++) {
    bench.progress(`${REQUESTS} requests wait, round ${round}`);
    const weft = await Weft.start(bundle);
    try {
      const before = weft.residentBytes;
      const answered = sleepers(weft.url('sleep'));
      await new Promise((resolve) => setTimeout(resolve, LOOK_AFTER_MS));
      grown.push((weft.residentBytes - before) / MB);
      const count = await answered;
      if (count < REQUESTS) throw new Error(`${count} of ${REQUESTS} requests that waited at once were answered`);
    } finally {
      await weft.close();
    }
  }
  const value = spread(grown);
  const target = atMost(value.median, 500, '≤ 500 MB');
  return { what: `${REQUESTS} requests wait at once`, subject: 'memory they add', unit: 'MB', value, target };
}

/** Sends them all; how many were answered. */
async function sleepers(url: string): Promise<number> {
  const { hostname, port, pathname } = new URL(url);
  const request = `GET ${pathname}?ms=${WAIT_MS} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`;
  const connections = Array.from({ length: REQUESTS / ON_A_CONNECTION }, async () => {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(request.repeat(ON_A_CONNECTION));
    return countAnswers(socket);
  });
  return (await Promise.all(connections)).reduce((sum, n) => sum + n, 0);
}

async function countAnswers(socket: Socket): Promise<number> {
  let text = '';
  for await (const piece of socket.setEncoding('latin1')) {
    text += piece;
    const count = text.split(ANSWER).length - 1;
    if (count === ON_A_CONNECTION) return count;
  }
  return text.split(ANSWER).length - 1;
}

/** The one that spins does so until the process ends; measured without it first. */
async function besideSpinner(bench: Bench): Promise<Row[]> {
  const weft = await Weft.start(await buildApp(join(APPS, 'waiting')));
  try {
    const alone = await tails(bench, weft, 'alone');
    fetch(weft.url('spin'), { method: 'POST' }).catch(() => {}); // it ends with its server
    const beside = await tails(bench, weft, 'beside one that spins');
    const what = '99 % of a small function within';
    return [
      { what, subject: 'alone', unit: 'ms', value: alone },
      { what, subject: 'another spins', unit: 'ms', value: beside, target: atMost(beside.median, 15, '≤ 15 ms') },
    ];
  } finally {
    await weft.close();
  }
}

async function tails(bench: Bench, weft: Weft, subject: string): Promise<Spread> {
  const found: number[] = [];
  for (let round = 1; round <= bench.rounds; round++) {
    bench.progress(`a small function ${subject}, round ${round} of ${bench.rounds}`);
    found.push((await load(weft.url('small'), { connections: 1, seconds: bench.seconds, bodyBytes: 64 })).p99 / 1000);
  }
  return spread(found);
}
