/** A call into another context of the merge group and back, against memcpy in the same module and workerd's service binding. */
import { join } from 'node:path';
import { APPS, buildApp } from '../lib/app.ts';
import { Client } from '../lib/client.ts';
import { inTurn } from '../lib/rounds.ts';
import { atMost, type Bench, type Measurement, type Row, type Target } from '../lib/row.ts';
import { type Spread, spread } from '../lib/stats.ts';
import type { Server } from '../servers/server.ts';
import { Weft } from '../servers/weft.ts';
import { hasWorkerd, startWorkerd } from '../servers/workerd.ts';

const SIZES = [8, 1024, 16_384];
const WEFT = 'weft';
const COPIES = 'two memcpy';
const WORKERD = 'workerd service binding';
/** Of one round: enough that the request around them is a thousandth of it. */
const CALLS: Readonly<Record<string, (bytes: number) => number>> = {
  [WEFT]: (bytes) => (bytes > 1024 ? 200_000 : 2_000_000),
  [COPIES]: (bytes) => (bytes > 1024 ? 200_000 : 2_000_000),
  [WORKERD]: () => 2_000,
};

interface Subject {
  readonly name: string;
  readonly url: (calls: number, bytes: number) => string;
}

export const calls: Measurement = {
  name: 'calls',
  title: 'A call from function to function, there and back',
  async run(bench) {
    const client = new Client();
    const weft = await Weft.start(await buildApp(join(APPS, 'calls')), 'free');
    const workerd = hasWorkerd() ? await startBoundWorkers() : undefined;
    try {
      const rows: Row[] = [];
      for (const bytes of SIZES) rows.push(...(await measure(bench, client, subjects(weft, workerd), bytes)));
      return rows;
    } finally {
      client.close();
      await weft.close();
      await workerd?.close();
    }
  },
};

function subjects(weft: Weft, workerd: Server | undefined): Subject[] {
  const own: Subject[] = [
    { name: WEFT, url: (n, bytes) => `${weft.url('caller')}?calls=${n}&bytes=${bytes}` },
    { name: COPIES, url: (n, bytes) => `${weft.url('caller')}?copies=${n}&bytes=${bytes}` },
  ];
  return workerd ? [...own, { name: WORKERD, url: (n, bytes) => `${workerd.url}?calls=${n}&bytes=${bytes}` }] : own;
}

async function measure(bench: Bench, client: Client, all: readonly Subject[], bytes: number): Promise<Row[]> {
  const countOf = ({ name }: Subject): number => CALLS[name]?.(bytes) ?? 1;
  for (const subject of all) await client.time(subject.url(Math.ceil(countOf(subject) / 10), bytes));
  const results = await inTurn(bench, all, async (subject) => {
    const count = countOf(subject);
    return ((await client.time(subject.url(count, bytes))) * 1e6) / count;
  });
  const values = new Map([...results].map(([subject, found]) => [subject.name, spread(found)]));
  return [...values].map(([name, value]) => {
    const target = name === WEFT ? targetOf(bytes, value, values.get(COPIES)) : undefined;
    return { what: `${bytes} bytes`, subject: name, unit: 'ns', value, ...(target && { target }) };
  });
}

function targetOf(bytes: number, value: Spread, copies: Spread | undefined): Target | undefined {
  if (bytes === 8) return atMost(value.median, 20, '≤ 20 ns');
  if (bytes === 16_384 && copies) {
    const ratio = value.median / copies.median;
    return atMost(ratio, 1.3, `≤ 1.3 × two memcpy; it is ${ratio.toFixed(2)} ×`);
  }
  return undefined;
}

function startBoundWorkers(): Promise<Server> {
  const callee = `export default { async fetch(request) { return new Response(await request.arrayBuffer()); } };`;
  const caller = `export default { async fetch(request, env) {
    const query = new URL(request.url).searchParams;
    const input = new Uint8Array(Number(query.get('bytes') ?? 0));
    for (let i = Number(query.get('calls') ?? 0); i > 0; i--) {
      const answer = await env.callee.fetch('http://callee/', { method: 'POST', body: input });
      await answer.arrayBuffer();
    }
    return new Response('done');
  } };`;
  const workers = [
    { name: 'caller', script: caller, services: ['callee'] },
    { name: 'callee', script: callee },
  ];
  return startWorkerd(workers, 'free');
}
