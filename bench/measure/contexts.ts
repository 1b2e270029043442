/** What a context costs: memory of many, time to roll one back. */
import { join } from 'node:path';
import { CONTRACTS } from '../../src/contracts/index.ts';
import { createControl } from '../../src/engine/control.ts';
import { Group } from '../../src/engine/group.ts';
import { EngineThread } from '../../src/engine/thread.ts';
import type { AppBundle } from '../../src/model/app.ts';
import type { Exchange } from '../../src/model/exchange.ts';
import { buildApp, ROOT } from '../lib/app.ts';
import { atMost, type Bench, type Measurement, type Row } from '../lib/row.ts';
import { quantile, spread } from '../lib/stats.ts';
import { Weft } from '../servers/weft.ts';

const CONTEXTS = 10_000;
const MB = 1e6;
const REQUESTS = 20_000;
const encoder = new TextEncoder();

export const contexts: Measurement = {
  name: 'contexts',
  title: 'Contexts',
  async run(bench) {
    const bundle = await buildApp(join(ROOT, 'examples/echo'));
    return [await memory(bench, bundle), await rollback(bench, bundle)];
  },
};

/** Resident memory that 10,000 contexts add to the process. */
async function memory(bench: Bench, bundle: AppBundle): Promise<Row> {
  const grown: number[] = [];
  for (let round = 1; round <= bench.rounds; round++) {
    bench.progress(`memory of ${CONTEXTS} contexts, round ${round} of ${bench.rounds}`);
    const weft = await Weft.start(bundle);
    try {
      const before = weft.residentBytes;
      await weft.scale('echo', CONTEXTS);
      grown.push((weft.residentBytes - before) / MB);
    } finally {
      await weft.close();
    }
  }
  const value = spread(grown);
  const target = atMost(value.median, 60, '≤ 60 MB');
  return { what: `${CONTEXTS} contexts live`, subject: 'memory they add', unit: 'MB', value, target };
}

/** In this process, so that a rollback can be timed by itself: each comes after a request that ran. */
async function rollback(bench: Bench, { app, functions, merge }: AppBundle): Promise<Row> {
  const engine = new EngineThread({ thread: 0, threads: 1, controls: [createControl()], contracts: CONTRACTS, report: () => {} });
  const deployed = functions.flatMap(({ settings, wasm, files }) =>
    wasm ? [{ spec: settings, files, module: new WebAssembly.Module(wasm), program: undefined }] : [],
  );
  await engine.deploy({ app, version: 1, merge, functions: deployed });
  try {
    bench.progress('rollback');
    timeRollbacks(engine);
    const value = spread(Array.from({ length: bench.rounds }, () => timeRollbacks(engine)));
    const target = atMost(value.median, 5, '≤ 5 µs');
    return { what: 'rollback of the default context', subject: 'after an echo', unit: 'µs', value, target };
  } finally {
    await engine.close();
  }
}

/** Microseconds of one, the median of many. */
function timeRollbacks(engine: EngineThread): number {
  const route = engine.route('echo');
  if (!route) throw new Error('echo is not deployed');
  const took: number[] = [];
  const untimed = Object.getOwnPropertyDescriptor(Group.prototype, 'rollBack')?.value as Group['rollBack']; // a method
  Group.prototype.rollBack = function rollBack(all): void {
    const before = performance.now();
    untimed.call(this, all);
    took.push((performance.now() - before) * 1000);
  };
  try {
    for (let i = 0; i < REQUESTS; i++) engine.dispatch(route, new Discarded());
  } finally {
    Group.prototype.rollBack = untimed;
  }
  return quantile(took, 0.5);
}

/** A request whose answer nobody wants. */
class Discarded implements Exchange {
  readonly head = HEAD;
  readonly body = BODY;
  readonly method = 'POST';
  readonly path = '';
  readonly query = '';
  readonly closed = false;
  readonly onHungUp = null;
  respond(): void {}
  begin(): void {}
  write(): boolean {
    return true;
  }
  async drained(): Promise<void> {}
  end(): void {}
  abort(): void {}
}

const HEAD = encoder.encode('POST /function/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n');
const BODY = encoder.encode('x'.repeat(64));
