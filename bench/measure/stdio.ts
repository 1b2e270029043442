/** A plain program as a function, against the same program built natively and run by fork and exec, as a classic watchdog does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp, ROOT } from '../lib/app.ts';
import { isThere, output } from '../lib/processes.ts';
import { inTurn } from '../lib/rounds.ts';
import { type Measurement, type Row, atMost } from '../lib/row.ts';
import { spread } from '../lib/stats.ts';
import { load } from '../lib/wrk.ts';
import { Weft } from '../servers/weft.ts';

const BODY_BYTES = 64;
const FORKS = 500;

export const stdio: Measurement = {
  name: 'stdio',
  title: 'A program with main: wordcount of 64 bytes',
  lacks: () => ['gcc', 'wrk'].find((program) => !isThere(program)),
  async run(bench) {
    const dir = mkdtempSync(join(tmpdir(), 'weft-bench-'));
    const weft = await Weft.start(await buildApp(join(ROOT, 'examples/wordcount')));
    try {
      const [program, runner] = await Promise.all([
        compile(join(ROOT, 'examples/wordcount/wordcount.c'), join(dir, 'wordcount')),
        compile(join(import.meta.dirname, '../programs/fork-exec.c'), join(dir, 'fork-exec')),
      ]);
      const url = weft.url('wordcount');
      await load(url, { connections: 1, seconds: 1, bodyBytes: BODY_BYTES });
      const subjects = [
        {
          name: 'weft, HTTP included',
          measure: async () => (await load(url, { connections: 1, seconds: bench.seconds, bodyBytes: BODY_BYTES })).p50,
        },
        {
          name: 'fork and exec, no HTTP',
          measure: async () => Number(await output('server', [runner, String(FORKS), 'x'.repeat(BODY_BYTES), program])),
        },
      ];
      const results = await inTurn(bench, subjects, ({ measure }) => measure());
      return rowsOf([...results].map(([{ name }, times]) => ({ name, times })));
    } finally {
      await weft.close();
      rmSync(dir, { recursive: true });
    }
  },
};

async function compile(source: string, program: string): Promise<string> {
  await output('load', ['gcc', '-O2', source, '-o', program]);
  return program;
}

function rowsOf(found: readonly { readonly name: string; readonly times: readonly number[] }[]): Row[] {
  const [own, native] = found.map(({ times }) => spread(times));
  return found.map(({ name, times }, i) => {
    const value = spread(times);
    const target = i === 0 && own && native ? { target: atMost(own.median, native.median, '< fork and exec') } : {};
    return { what: 'half of all runs within', subject: name, unit: 'µs', value, ...target };
  });
}
