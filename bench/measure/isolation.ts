/** The same function as a context, a process and a container: one that lives on between requests, and a program that is run for each. */
import { join } from 'node:path';
import { startEngine } from '../../test/container/engine.ts';
import { APPS, buildApp, ROOT } from '../lib/app.ts';
import { isThere } from '../lib/processes.ts';
import { inTurn } from '../lib/rounds.ts';
import type { Bench, Measurement, Row } from '../lib/row.ts';
import { spread } from '../lib/stats.ts';
import { load } from '../lib/wrk.ts';
import { Weft } from '../servers/weft.ts';

const BODY_BYTES = 64;
const KINDS = ['context', 'process', 'container'] as const;

const FUNCTIONS = [
  { name: 'echo', what: 'a function for Fn that gives back what it got', connections: [1, 8] },
  { name: 'wordcount', what: 'a program with main, run for each request', connections: [1] },
] as const;

export const isolation: Measurement = {
  name: 'isolation',
  title: 'The same function as a context, a process and a container',
  lacks: () => ['cc', 'bwrap', 'dockerd', 'wrk'].find((program) => !isThere(program)),
  async run(bench) {
    const engine = await startEngine();
    if (typeof engine === 'string') throw new Error(engine);
    try {
      const sdk = join(ROOT, 'sdk');
      const echo = [join(APPS, 'isolation/echo.c'), `-I${sdk}/include`, `${sdk}/lib/contracts/fn-native.c`];
      await engine.makeImage('weft-bench-echo', ['gcc', ...echo]);
      await engine.makeImage('weft-bench-wordcount', ['gcc', join(ROOT, 'examples/wordcount/wordcount.c')]);
      Object.assign(process.env, engine.env); // where the platform, which inherits it, looks for its engine
      const weft = await Weft.start(await buildApp(join(APPS, 'isolation')));
      try {
        return await measure(bench, weft);
      } finally {
        await weft.close();
      }
    } finally {
      await engine.stop();
    }
  },
};

async function measure(bench: Bench, weft: Weft): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, what, connections } of FUNCTIONS) {
    const subjects = KINDS.map((kind) => ({ name: kind, url: weft.url(`${name}-${kind}`) }));
    for (const count of connections) {
      for (const { url } of subjects) await load(url, { connections: count, seconds: 1, bodyBytes: BODY_BYTES });
      const results = await inTurn(bench, subjects, ({ url }) =>
        load(url, { connections: count, seconds: bench.seconds, bodyBytes: BODY_BYTES }),
      );
      const at = `${what}, ${count} connection${count > 1 ? 's' : ''}`;
      for (const [subject, found] of results) {
        const latency = { what: `${at}: half of all answers within`, unit: 'µs', value: spread(found.map(({ p50 }) => p50)) };
        const rate = { what: `${at}: requests a second`, unit: '1/s', value: spread(found.map(({ perSecond }) => perSecond)) };
        rows.push({ ...(count === 1 ? latency : rate), subject: subject.name });
      }
    }
  }
  return rows;
}
