/** Counters of one function in one thread; plain numbers, read by the control thread when somebody asks. */
import { DURATION_BUCKETS_S, type FunctionMetrics } from './protocol.ts';

const BUCKETS_MS = DURATION_BUCKETS_S.map((s) => s * 1000);

export class FunctionCounters {
  started = 0;
  calls = 0;
  coldStarts = 0;
  rollbacks = 0;
  interrupts = 0;
  traps = 0;
  contextsLive = 0;
  waiting = 0;
  readonly #byStatus = new Map<number, number>();
  readonly #buckets = new Array<number>(BUCKETS_MS.length + 1).fill(0);
  #ms = 0;

  finished(status: number, ms: number): void {
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1);
    this.#ms += ms;
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && ms > (BUCKETS_MS[bucket] as number)) bucket++;
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1;
  }

  read(app: string, name: string): FunctionMetrics {
    return {
      app,
      function: name,
      byStatus: Object.fromEntries(this.#byStatus),
      started: this.started,
      buckets: [...this.#buckets],
      seconds: this.#ms / 1000,
      calls: this.calls,
      coldStarts: this.coldStarts,
      rollbacks: this.rollbacks,
      interrupts: this.interrupts,
      traps: this.traps,
      contextsLive: this.contextsLive,
      contextsWaiting: this.waiting,
    };
  }
}

/** Of the same function elsewhere: in another version or thread. */
export function addFunctionMetrics(a: FunctionMetrics, b: FunctionMetrics): FunctionMetrics {
  return {
    app: a.app,
    function: a.function,
    byStatus: addCounts(a.byStatus, b.byStatus),
    started: a.started + b.started,
    buckets: a.buckets.map((count, at) => count + (b.buckets[at] ?? 0)),
    seconds: a.seconds + b.seconds,
    calls: a.calls + b.calls,
    coldStarts: a.coldStarts + b.coldStarts,
    rollbacks: a.rollbacks + b.rollbacks,
    interrupts: a.interrupts + b.interrupts,
    traps: a.traps + b.traps,
    contextsLive: a.contextsLive + b.contextsLive,
    contextsWaiting: a.contextsWaiting + b.contextsWaiting,
  };
}

export function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}
