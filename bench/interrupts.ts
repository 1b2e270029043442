/**
 * What the interrupt checks cost: each program with and without them, alternating, in CPU time of this thread.
 * `node bench/interrupts.ts [--optimize] [--json] [program…]`
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { commands } from '@yowasp/clang';
import { instrument } from '../src/toolchain/rewrite/index.ts';

const PROGRAMS = ['compress', 'json', 'matrix', 'sort', 'loops'];
const PAIRS = 21;
const ROUND_MS = 40;
const WARM_UP_MS = 400;

interface Row {
  readonly program: string;
  /** Milliseconds of one round. */
  readonly without: number;
  readonly with: number;
  readonly ratio: { readonly median: number; readonly low: number; readonly high: number };
}

type Run = (rounds: number) => number;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, optimize: { type: 'boolean', default: false } },
});

const rows: Row[] = [];
for (const program of positionals.length > 0 ? positionals : PROGRAMS) rows.push(await measure(program));
if (values.json) console.log(JSON.stringify({ optimize: values.optimize, rows }));
else print(rows);

async function measure(program: string): Promise<Row> {
  const bytes = await compile(program);
  const plain = start(await instrument(bytes, { optimize: values.optimize, checks: false }));
  const checked = start(await instrument(bytes, { optimize: values.optimize }));
  if (plain(1) !== checked(1)) throw new Error(`${program} answers differently with checks`);
  warmUp(plain);
  warmUp(checked);
  const rounds = Math.max(1, Math.round(ROUND_MS / time(plain, 4)));
  const pairs = Array.from({ length: PAIRS }, (_, i) => {
    // Whichever runs first may find a warmer or colder machine: they take turns.
    const first = i % 2 === 0 ? time(plain, rounds) : time(checked, rounds);
    const second = i % 2 === 0 ? time(checked, rounds) : time(plain, rounds);
    return i % 2 === 0 ? { without: first, with: second } : { without: second, with: first };
  });
  const ratios = pairs.map((pair) => pair.with / pair.without).sort((a, b) => a - b);
  return {
    program,
    without: median(pairs.map((pair) => pair.without)),
    with: median(pairs.map((pair) => pair.with)),
    ratio: { median: median(ratios), low: ratios[0] ?? 0, high: ratios.at(-1) ?? 0 },
  };
}

async function compile(program: string): Promise<Uint8Array> {
  const file = `${program}.c`;
  const source = readFileSync(join(import.meta.dirname, 'programs', file), 'utf8');
  const args = ['-O2', '-mexec-model=reactor', '-Wl,--import-memory', '-Wl,-s', file, '-o', 'out.wasm'];
  const out = await commands.clang(args, { [file]: source }, { fetchProgress: () => {} });
  return out?.['out.wasm'] as Uint8Array; // the file that the command line names
}

function start(bytes: Uint8Array<ArrayBuffer>): Run {
  const module = new WebAssembly.Module(bytes);
  const system = new Proxy({}, { get: () => () => 0 });
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 256 });
  const control = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(module, {
    env: { memory },
    weft: { control, interrupt: () => 0 },
    wasi_snapshot_preview1: system,
  });
  return exports['run'] as Run; // every program exports it
}

/** Until V8's optimising compiler has had its turn. */
function warmUp(run: Run): void {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) run(1);
}

/** Milliseconds of one round. */
function time(run: Run, rounds: number): number {
  const before = process.threadCpuUsage();
  run(rounds);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / rounds;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function print(table: readonly Row[]): void {
  const cells = table.map((row) => [
    row.program,
    row.without.toFixed(3),
    row.with.toFixed(3),
    row.ratio.median.toFixed(3),
    `${row.ratio.low.toFixed(3)} – ${row.ratio.high.toFixed(3)}`,
  ]);
  for (const line of [['program', 'without, ms', 'with, ms', 'ratio', 'range'], ...cells]) {
    console.log(line.map((cell, i) => (i === 0 ? cell.padEnd(10) : cell.padStart(i === 4 ? 16 : 12))).join(' '));
  }
  console.log(`median of all programs: ${median(table.map((row) => row.ratio.median)).toFixed(3)}`);
}
