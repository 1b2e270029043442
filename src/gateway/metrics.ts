/** What all engine threads counted, as one: threads come and go, their counts stay. */
import { addCounts, addFunctionMetrics } from '../engine/metrics.ts';
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
    functions.set(keyOf(fn), known ? addFunctionMetrics(known, fn) : fn);
  }
  return {
    functions: [...functions.values()],
    switches: totals.switches + metrics.switches,
    ingress: addIngress(totals.ingress, ingress),
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

function keyOf(fn: FunctionMetrics): string {
  return `${fn.app}/${fn.function}`;
}
