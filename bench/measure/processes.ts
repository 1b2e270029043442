/**
 * Native functions in sandboxed processes: an HTTP server through Weft against the same server asked directly, and a call from one
 * Nightcore library to another against what Nightcore itself was seen to take.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppBundle } from '../../src/model/app.ts';
import { APPS, buildApp } from '../lib/app.ts';
import { Client } from '../lib/client.ts';
import { isThere, type Side, start, stop } from '../lib/processes.ts';
import { inTurn } from '../lib/rounds.ts';
import { atLeast, atMost, type Bench, type Measurement, type Row } from '../lib/row.ts';
import { type Spread, spread } from '../lib/stats.ts';
import { load } from '../lib/wrk.ts';
import { startProxy } from '../servers/nginx.ts';
import { freePort, type Server, untilItAnswers } from '../servers/server.ts';
import { Weft } from '../servers/weft.ts';

/** `server`: engine, sandbox and function share one core; wrk has the other. */
type MeasuredSide = Side & ('free' | 'server');
const WHERE: Readonly<Record<MeasuredSide, string>> = { free: 'two cores', server: 'pinned to one' };

const BODY_BYTES = 64;
const CONNECTIONS = 32;
const CALLS = 2000;
/** Until what V8 makes of the engine's code is what it stays: its compiler's threads share the engine's core. */
const WARM_UP_SECONDS = 8;
/** The same, in requests that call. */
const WARM_UPS = 8;
/** Medians of Nightcore on a machine like that of the README's table, µs; it cannot be installed here to take turns with. */
const NIGHTCORE_US: Readonly<Record<MeasuredSide, Readonly<Record<number, number>>>> = {
  free: { 8: 62, 1024: 101 },
  server: { 8: 16, 1024: 75 },
};

export const processes: Measurement = {
  name: 'processes',
  title: 'Native functions in sandboxed processes',
  lacks: () => ['cc', 'bwrap', 'wrk', 'nginx'].find((program) => !isThere(program)),
  async run(bench) {
    const bundle = await buildApp(join(APPS, 'processes'));
    return [
      ...(await servers(bench, bundle, { name: 'server', what: 'an echo server', workUs: 0 }, 'free')),
      ...(await servers(bench, bundle, { name: 'busy', what: 'a server that computes for 100 µs', workUs: 100 }, 'free')),
      ...(await servers(bench, bundle, { name: 'server', what: 'an echo server', workUs: 0 }, 'server')),
      ...(await servers(bench, bundle, { name: 'busy', what: 'a server that computes for 100 µs', workUs: 100 }, 'server')),
      ...(await nightcoreCalls(bench, bundle, 'free')),
      ...(await nightcoreCalls(bench, bundle, 'server')),
    ];
  },
};

async function servers(
  bench: Bench,
  bundle: AppBundle,
  { name, what, workUs }: { name: string; what: string; workUs: number },
  side: MeasuredSide,
): Promise<Row[]> {
  const weft = await Weft.start(bundle, side);
  const direct = await startDirect(bundle, name, workUs, side);
  const proxy = await startProxy(new URL(direct.url).host, side);
  try {
    const subjects = [weft.server(name), direct, proxy];
    for (const { url } of subjects) await load(url, { connections: CONNECTIONS, seconds: WARM_UP_SECONDS, bodyBytes: BODY_BYTES });
    const results = await inTurn(bench, subjects, ({ url }) =>
      load(url, { connections: CONNECTIONS, seconds: bench.seconds, bodyBytes: BODY_BYTES }),
    );
    const [through = [], alone = [], proxied = []] = subjects.map((subject) =>
      (results.get(subject) ?? []).map(({ perSecond }) => perSecond),
    );
    const toAlone = (rates: readonly number[]): Spread => spread(rates.map((rate, i) => rate / (alone[i] ?? rate)));
    const ratio = toAlone(through);
    const where = WHERE[side];
    const row = { what: `${what}, requests a second, ${CONNECTIONS} connections, ${where}`, unit: '1/s' };
    return [
      { ...row, subject: 'through Weft', value: spread(through) },
      { ...row, subject: 'asked directly', value: spread(alone) },
      { ...row, subject: 'through nginx', value: spread(proxied) },
      {
        what: `${what}, ${where}`,
        subject: 'through Weft ÷ directly',
        unit: '×',
        value: ratio,
        target: atLeast(ratio.median, 0.8, '≥ 0.8'),
      },
      { what: `${what}, ${where}`, subject: 'through nginx ÷ directly', unit: '×', value: toAlone(proxied) },
    ];
  } finally {
    await proxy.close();
    await direct.close();
    await weft.close();
  }
}

/** The very program that Weft runs, on the cores that Weft runs on. */
async function startDirect(bundle: AppBundle, name: string, workUs: number, side: MeasuredSide): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const program = join(dir, 'server');
  const executable = bundle.functions.find(({ settings }) => settings.name === name)?.executable;
  if (!executable) throw new TypeError(`${name} has no program`);
  writeFileSync(program, executable, { mode: 0o755 });
  const port = await freePort();
  const child = start(side, [program], { env: { PORT: String(port), WORK_US: String(workUs) } });
  const url = `http://127.0.0.1:${port}/`;
  await untilItAnswers(url);
  return {
    name: 'asked directly',
    url,
    async close() {
      await stop(child);
      rmSync(dir, { recursive: true });
    },
  };
}

async function nightcoreCalls(bench: Bench, bundle: AppBundle, side: MeasuredSide): Promise<Row[]> {
  const where = WHERE[side];
  const weft = await Weft.start(bundle, side);
  const client = new Client();
  try {
    const rows: Row[] = [];
    for (const bytes of [8, 1024]) {
      const measure = async (): Promise<number> => ((await client.time(weft.url('caller'), `${CALLS} ${bytes}`)) * 1000) / CALLS;
      for (let warm = 0; warm < WARM_UPS; warm++) await measure();
      const value = spread([...(await inTurn(bench, [{ name: `calls of ${bytes} bytes, ${where}` }], measure)).values()].flat());
      const limit = NIGHTCORE_US[side][bytes] ?? 0;
      rows.push({
        what: `a call from .so to .so, ${bytes} bytes, ${where}`,
        subject: 'weft',
        unit: 'µs',
        value,
        target: atMost(value.median, limit, `≤ ${limit} µs, Nightcore's median`),
      });
    }
    return rows;
  } finally {
    client.close();
    await weft.close();
  }
}
