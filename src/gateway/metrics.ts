/** What all engine threads counted, as one: threads come and go, their counts stay. */
import type { FunctionMetrics, IngressMetrics, ThreadMetrics } from '../engine/protocol.ts';

export interface ThreadReport {
  readonly metrics: ThreadMetrics;
  readonly ingress: IngressMetrics;
}

export interface Totals {
  readonly functions: readonly FunctionMetrics[];
  readonly switches: number;
  readonly ingress: IngressMetrics;
}

const NO_INGRESS: IngressMetrics = { open: 0, accepted: 0, turnedAway: 0, requests: 0, refused: {}, cutOff: 0 };
export const NO_TOTALS: Totals = { functions: [], switches: 0, ingress: NO_INGRESS };

export function totalOf(reports: Iterable<ThreadReport>, before: Totals = NO_TOTALS): Totals {
  return [...reports].reduce(addReport, before);
}

/** Of a thread that is gone: what it counted, without what it held. */
export function pastOf({ metrics, ingress }: ThreadReport): ThreadReport {
  const functions = metrics.functions.map((fn) => ({ ...fn, contextsLive: 0, contextsWaiting: 0 }));
  return { metrics: { ...metrics, functions }, ingress: { ...ingress, open: 0 } };
}

function addReport(totals: Totals, { metrics, ingress }: ThreadReport): Totals {
  const functions = new Map(totals.functions.map((fn) => [keyOf(fn), fn]));
  for (const fn of metrics.functions) {
    const known = functions.get(keyOf(fn));
    functions.set(keyOf(fn), known ? addFunction(known, fn) : fn);
  }
  return {
    functions: [...functions.values()],
    switches: totals.switches + metrics.switches,
    ingress: addIngress(totals.ingress, ingress),
  };
}

function addFunction(a: FunctionMetrics, b: FunctionMetrics): FunctionMetrics {
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

function addIngress(a: IngressMetrics, b: IngressMetrics): IngressMetrics {
  return {
    open: a.open + b.open,
    accepted: a.accepted + b.accepted,
    turnedAway: a.turnedAway + b.turnedAway,
    requests: a.requests + b.requests,
    refused: addCounts(a.refused, b.refused),
    cutOff: a.cutOff + b.cutOff,
  };
}

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

function keyOf(fn: FunctionMetrics): string {
  return `${fn.app}/${fn.function}`;
}
