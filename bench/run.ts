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
import { memory } from './measure/memory.ts';
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
  memory,
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

/** What the command line asks for; told to whoever uses it wrongly, or asks. */
const USAGE = `npm run bench -- [--only name,name] [--rounds n] [--seconds s] [--json]
  names: ${MEASUREMENTS.map(({ name }) => name).join(', ')}`;

interface Choice {
  readonly measurements: readonly Measurement[];
  readonly rounds: number;
  readonly seconds: number;
  readonly json: boolean;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let choice: Choice | undefined;
  try {
    choice = choiceOf(args);
  } catch (cause) {
    console.error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
    return 2;
  }
  if (choice !== undefined) return measure(choice);
  console.log(USAGE);
  return 0;
}

async function measure(choice: Choice): Promise<number> {
  const sections: Section[] = [];
  for (const measurement of choice.measurements) {
    const section = await take(measurement, choice);
    sections.push(section);
    if (!choice.json) printTable(section);
  }
  await endBuilds();
  if (choice.json) console.log(JSON.stringify({ node: process.version, date: new Date().toISOString(), sections }, null, 2));
  return sections.some((section) => section.problem !== undefined) ? 1 : 0;
}

/** Nothing: only how it is used. @throws Error that says what cannot be */
function choiceOf(args: readonly string[]): Choice | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const rounds = positive('rounds', values.rounds);
  const seconds = positive('seconds', values.seconds);
  return { measurements: named(values.only), rounds: Math.ceil(rounds), seconds, json: values.json };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${option} must be a number above 0, not "${text}"`);
  return value;
}

function named(only: string | undefined): readonly Measurement[] {
  if (only === undefined) return MEASUREMENTS;
  const names = only.split(',');
  const unknown = names.find((name) => !MEASUREMENTS.some((m) => m.name === name));
  if (unknown !== undefined) throw new Error(`Nothing named "${unknown}" is measured`);
  return MEASUREMENTS.filter(({ name }) => names.includes(name));
}

async function take({ name, title, lacks, run }: Measurement, { rounds, seconds }: Choice): Promise<Section> {
  const missing = lacks?.();
  if (missing !== undefined) return { name, title, rows: [], problem: `not measured: ${missing} is not installed` };
  const { progress, done } = showProgress(name);
  try {
    const bench: Bench = { rounds, seconds, progress };
    return { name, title, rows: await run(bench) };
  } catch (cause) {
    return { name, title, rows: [], problem: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
  } finally {
    done();
  }
}
