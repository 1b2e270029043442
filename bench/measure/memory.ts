/** What memory costs that only some requests need: those behind them, and those that need it each time. */
import { join } from 'node:path';
import { APPS, buildApp } from '../lib/app.ts';
import { Client } from '../lib/client.ts';
import { isThere } from '../lib/processes.ts';
import { inTurn } from '../lib/rounds.ts';
import type { Bench, Measurement, Row } from '../lib/row.ts';
import { spread } from '../lib/stats.ts';
import { load } from '../lib/wrk.ts';
import { Weft } from '../servers/weft.ts';

const MB = 1_000_000;
const CONNECTIONS = 32;
const SMALL_BODY_BYTES = 64;

interface Subject {
  readonly name: string;
  /** What each request of the load uses. */
  readonly bytes: number;
  /** What one request uses right before it. */
  readonly before?: number;
}

const SUBJECTS: readonly Subject[] = [
  { name: 'little', bytes: 1 },
  { name: 'little, behind one request of 3 MB', bytes: 1, before: 3 * MB },
  { name: '6 MB each', bytes: 6 * MB },
];

export const memory: Measurement = {
  name: 'memory',
  title: 'Requests of a function that uses more memory for some, 32 connections',
  lacks: () => (isThere('wrk') ? undefined : 'wrk'),
  async run(bench) {
    const weft = await Weft.start(await buildApp(join(APPS, 'memory')));
    const client = new Client();
    try {
      return await measure(bench, client, (bytes) => `${weft.url('memory')}?bytes=${bytes}`);
    } finally {
      client.close();
      await weft.close();
    }
  },
};

async function measure(bench: Bench, client: Client, url: (bytes: number) => string): Promise<Row[]> {
  const run = async ({ bytes, before }: Subject, seconds: number): Promise<number> => {
    if (before !== undefined) await client.time(url(before));
    return (await load(url(bytes), { connections: CONNECTIONS, seconds, bodyBytes: SMALL_BODY_BYTES })).perSecond;
  };
  for (const subject of SUBJECTS) await run(subject, 1);
  const results = await inTurn(bench, SUBJECTS, (subject) => run(subject, bench.seconds));
  return SUBJECTS.map((subject) => ({
    what: 'requests a second',
    subject: subject.name,
    unit: '1/s',
    value: spread(results.get(subject) ?? []),
  }));
}
