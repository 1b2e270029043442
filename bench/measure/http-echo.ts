/** HTTP echo: Weft against nginx, node:http, and workerd running the same C code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildApp, ROOT } from '../lib/app.ts';
import { link } from '../lib/linked.ts';
import { isThere } from '../lib/processes.ts';
import { inTurn } from '../lib/rounds.ts';
import { atLeast, atMost, type Bench, type Measurement, type Row } from '../lib/row.ts';
import { type Spread, spread } from '../lib/stats.ts';
import { load, type LoadResult } from '../lib/wrk.ts';
import { startNginx } from '../servers/nginx.ts';
import { startNodeHttp } from '../servers/node-http.ts';
import type { Server } from '../servers/server.ts';
import { Weft } from '../servers/weft.ts';
import { hasWorkerd, startWorkerd } from '../servers/workerd.ts';

const BODY_BYTES = 64;
const CONNECTIONS = [1, 32];
const WARM_UP_S = 2;

export const httpEcho: Measurement = {
  name: 'http',
  title: `HTTP echo, POST of ${BODY_BYTES} bytes, one thread`,
  lacks: () => (isThere('wrk') ? undefined : 'wrk'),
  async run(bench) {
    const servers = await startAll();
    try {
      for (const { url } of servers) await load(url, { connections: 32, seconds: WARM_UP_S, bodyBytes: BODY_BYTES });
      const rows: Row[] = [];
      for (const connections of CONNECTIONS) rows.push(...(await measure(bench, servers, connections)));
      return rows;
    } finally {
      for (const server of servers) await server.close();
    }
  },
};

async function startAll(): Promise<Server[]> {
  const weft = await Weft.start(await buildApp(join(ROOT, 'examples/echo')));
  const servers = [weft.server('echo'), await startNodeHttp()];
  if (isThere('nginx')) servers.push(await startNginx(BODY_BYTES));
  if (hasWorkerd()) {
    const module = await link(join(ROOT, 'examples/echo/echo.c'));
    servers.push(await startWorkerd([{ name: 'echo', script: workerScript(), module }]));
  }
  return servers;
}

const workerScript = (): string => readFileSync(join(import.meta.dirname, '../servers/workerd-echo.js'), 'utf8');

async function measure(bench: Bench, servers: readonly Server[], connections: number): Promise<Row[]> {
  const results = await inTurn(bench, servers, ({ url }) => load(url, { connections, seconds: bench.seconds, bodyBytes: BODY_BYTES }));
  const found = (name: string, read: (result: LoadResult) => number): Spread | undefined => {
    const server = servers.find((s) => s.name === name);
    return server && spread((results.get(server) ?? []).map(read));
  };
  return servers.flatMap(({ name }) => {
    const row = (what: string, unit: string, read: (result: LoadResult) => number): Row => {
      const value = found(name, read) ?? spread([]);
      const target = name === 'weft' ? targetOf(connections, what, value, (other) => found(other, read)) : undefined;
      return {
        what: `${what}, ${connections} connection${connections > 1 ? 's' : ''}`,
        subject: name,
        unit,
        value,
        ...(target && { target }),
      };
    };
    return [
      row('requests a second', '1/s', (r) => r.perSecond),
      row('half of all answers within', 'µs', (r) => r.p50),
      row('99 % within', 'µs', (r) => r.p99),
    ];
  });
}

function targetOf(connections: number, what: string, value: Spread, other: (name: string) => Spread | undefined): Row['target'] {
  const [nginx, nodeHttp] = [other('nginx'), other('node:http')];
  if (connections === 32 && what === 'requests a second' && nginx)
    return atLeast(value.median, 0.75 * nginx.median, `≥ 0.75 × nginx; it is ${(value.median / nginx.median).toFixed(2)} ×`);
  if (connections === 1 && what.startsWith('half') && nginx)
    return atMost(value.median, 1.2 * nginx.median, `≤ 1.2 × nginx; it is ${(value.median / nginx.median).toFixed(2)} ×`);
  if (connections === 32 && what.startsWith('99') && nodeHttp) return atMost(value.median, nodeHttp.median, '≤ node:http');
  return undefined;
}
