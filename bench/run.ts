/**
 * Everything that is measured: `node bench/run.ts [--only name,name] [--rounds n] [--seconds s] [--json]`. Data on stdout, talk on
 * stderr. Exit code 1 when something could not be measured; a target that is not met is told, and no failure.
 */
import { parseArgs } from 'node:util';
import { showProgress } from './lib/progress.ts';
import type { Bench, Measurement, Row } from './lib/row.ts';
import { printTable } from './lib/table.ts';
import { endBuilds } from './lib/app.ts';
import { calls } from './measure/calls.ts';
import { contexts } from './measure/contexts.ts';
import { fooBar } from './measure/foo-bar.ts';
import { httpEcho } from './measure/http-echo.ts';
import { interrupts } from './measure/interrupts.ts';
import { isolation } from './measure/isolation.ts';
import { parsing } from './measure/parsing.ts';
import { processes } from './measure/processes.ts';
import { starts } from './measure/starts.ts';
import { stdio } from './measure/stdio.ts';
import { waiting } from './measure/waiting.ts';

const MEASUREMENTS: readonly Measurement[] = [
  httpEcho,
  calls,
  fooBar,
  starts,
  contexts,
  waiting,
  stdio,
  isolation,
  processes,
  parsing,
  interrupts,
];

interface Section {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** Why there are none. */
  readonly problem?: string;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = choose(values.only);
  if (chosen === undefined) return 2;
  const sections: Section[] = [];
  for (const measurement of chosen) {
    const section = await take(measurement);
    sections.push(section);
    if (!values.json) printTable(section);
  }
  await endBuilds();
  if (values.json) console.log(JSON.stringify({ node: process.version, date: new Date().toISOString(), sections }, null, 2));
  return sections.some((section) => section.problem !== undefined) ? 1 : 0;
}

function choose(only: string | undefined): readonly Measurement[] | undefined {
  if (only === undefined) return MEASUREMENTS;
  const names = only.split(',');
  const unknown = names.find((name) => !MEASUREMENTS.some((m) => m.name === name));
  if (unknown === undefined) return MEASUREMENTS.filter(({ name }) => names.includes(name));
  console.error(`Nothing named "${unknown}" is measured; there are: ${MEASUREMENTS.map(({ name }) => name).join(', ')}`);
  return undefined;
}

async function take({ name, title, lacks, run }: Measurement): Promise<Section> {
  const missing = lacks?.();
  if (missing !== undefined) return { name, title, rows: [], problem: `not measured: ${missing} is not installed` };
  const { progress, done } = showProgress(name);
  try {
    const bench: Bench = { rounds: Number(values.rounds), seconds: Number(values.seconds), progress };
    return { name, title, rows: await run(bench) };
  } catch (cause) {
    return { name, title, rows: [], problem: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
  } finally {
    done();
  }
}
