/** What the interrupt checks cost: each program with and without them, taking turns, in CPU time of this thread. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '@yowasp/clang';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { loadClang } from '../lib/load-clang.ts';
import { atMost, type Measurement, type Row } from '../lib/row.ts';
import { type Spread, spread } from '../lib/stats.ts';

const REAL = ['compress', 'json', 'matrix'];
/** What the checks cost at the most. */
const EXTREME = ['sort', 'loops'];
const PAIRS = 11;
/** Long enough for a processor time that counts in steps of 10 ms, as that of some systems does. */
const ROUND_MS = 400;
const WARM_UP_MS = 400;

type Run = (rounds: number) => number;

export const interrupts: Measurement = {
  name: 'interrupts',
  title: 'Interrupt checks: CPU time with them ÷ without',
  async run(bench) {
    await loadClang();
    const rows: Row[] = [];
    for (const program of [...REAL, ...EXTREME]) {
      bench.progress(program);
      rows.push({
        what: program,
        subject: REAL.includes(program) ? 'real code' : 'little but loops',
        unit: '×',
        value: await measure(program),
      });
    }
    const medians = rows.filter(({ what }) => REAL.includes(what)).map(({ value }) => value.median);
    const value = spread(medians);
    return [...rows, { what: 'median', subject: 'real code', unit: '×', value, target: atMost(value.median, 1.1, '≤ 1.10') }];
  },
};

async function measure(program: string): Promise<Spread> {
  const bytes = await compile(program);
  const plain = start(await instrument(bytes, { optimize: false, checks: false }));
  const checked = start(await instrument(bytes, { optimize: false }));
  if (plain(1) !== checked(1)) throw new Error(`${program} answers differently with checks`);
  warmUp(plain);
  warmUp(checked);
  const rounds = roundsFor(plain);
  const ratios = Array.from({ length: PAIRS }, (_, i) => {
    // Whichever runs first may find a warmer or colder machine: they take turns.
    const [first, second] = i % 2 === 0 ? [plain, checked] : [checked, plain];
    const [one, other] = [time(first, rounds), time(second, rounds)];
    return i % 2 === 0 ? other / one : one / other;
  });
  return spread(ratios);
}

async function compile(program: string): Promise<Uint8Array> {
  const file = `${program}.c`;
  const source = readFileSync(join(import.meta.dirname, '../programs', file), 'utf8');
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
  (exports['_initialize'] as () => void)(); // puts the program's data in place
  return exports['run'] as Run; // every program exports it
}

/** Until V8's optimising compiler has had its turn. */
function warmUp(run: Run): void {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) run(1);
}

/** By the clock on the wall, which has finer steps. */
function roundsFor(run: Run): number {
  const before = performance.now();
  run(4);
  return Math.max(1, Math.round((4 * ROUND_MS) / (performance.now() - before)));
}

/** Milliseconds of one round. */
function time(run: Run, rounds: number): number {
  const before = process.threadCpuUsage();
  run(rounds);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / rounds;
}
