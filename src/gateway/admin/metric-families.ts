/** Which metrics there are, by name (docs/admin.md has the list for users). */
import { DURATION_BUCKETS_S, type FunctionMetrics } from '../../engine/protocol.ts';
import type { Totals } from '../metrics.ts';
import type { MetricFamily, Sample } from './prometheus.ts';

export interface ProcessFacts {
  readonly version: string;
  readonly threads: number;
  readonly restarts: number;
  /** Of logs. */
  readonly followers: number;
}

export function metricFamilies(totals: Totals, facts: ProcessFacts): MetricFamily[] {
  return [...functionFamilies(totals.functions), ...threadFamilies(totals, facts), ...ingressFamilies(totals), ...processFamilies(facts)];
}

function functionFamilies(functions: readonly FunctionMetrics[]): MetricFamily[] {
  const each = (pick: (fn: FunctionMetrics) => number): Sample[] => functions.map((fn) => ({ labels: labelsOf(fn), value: pick(fn) }));
  return [
    {
      name: 'weft_function_requests_total',
      type: 'counter',
      help: 'Finished requests by HTTP status.',
      samples: functions.flatMap((fn) =>
        Object.entries(fn.byStatus).map(([status, value]) => ({ labels: { ...labelsOf(fn), status }, value })),
      ),
    },
    {
      name: 'weft_function_duration_seconds',
      type: 'histogram',
      help: 'Time from a request being whole to its answer.',
      samples: functions.flatMap(histogram),
    },
    counter(
      'weft_function_started_total',
      'Requests and calls that were let into the function.',
      each((fn) => fn.started),
    ),
    counter(
      'weft_function_calls_total',
      'Calls by other functions.',
      each((fn) => fn.calls),
    ),
    counter(
      'weft_function_cold_starts_total',
      'Contexts that were made because none was ready.',
      each((fn) => fn.coldStarts),
    ),
    counter(
      'weft_function_rollbacks_total',
      'Contexts brought back to their snapshot.',
      each((fn) => fn.rollbacks),
    ),
    counter(
      'weft_function_interrupts_total',
      'Time slices used up.',
      each((fn) => fn.interrupts),
    ),
    counter(
      'weft_function_traps_total',
      'Traps: memory errors, aborts, deadlines.',
      each((fn) => fn.traps),
    ),
    gauge(
      'weft_function_contexts',
      'Contexts that live.',
      each((fn) => fn.contextsLive),
    ),
    gauge(
      'weft_function_contexts_waiting',
      'Contexts that are in a host call that waits.',
      each((fn) => fn.contextsWaiting),
    ),
  ];
}

function histogram(fn: FunctionMetrics): Sample[] {
  const labels = labelsOf(fn);
  let count = 0;
  const buckets = fn.buckets.map((inBucket, at) => {
    count += inBucket;
    const le = DURATION_BUCKETS_S[at];
    return { suffix: '_bucket', labels: { ...labels, le: le === undefined ? '+Inf' : String(le) }, value: count };
  });
  return [...buckets, { suffix: '_sum', labels, value: fn.seconds }, { suffix: '_count', labels, value: count }];
}

function threadFamilies(totals: Totals, { threads, restarts }: ProcessFacts): MetricFamily[] {
  return [
    counter('weft_switches_total', 'Calls from context to context by a switch.', one(totals.switches)),
    gauge('weft_engine_threads', 'Engine threads that run.', one(threads)),
    counter('weft_engine_thread_restarts_total', 'Engine threads that were replaced.', one(restarts)),
  ];
}

function ingressFamilies({ ingress }: Totals): MetricFamily[] {
  const refused = Object.entries(ingress.refused).map(([status, value]) => ({ labels: { status }, value }));
  return [
    gauge('weft_ingress_connections', 'Connections that are open.', one(ingress.open)),
    counter('weft_ingress_connections_accepted_total', 'Connections accepted.', one(ingress.accepted)),
    counter('weft_ingress_connections_turned_away_total', 'Connections turned away.', one(ingress.turnedAway)),
    counter(
      'weft_ingress_connections_cut_off_total',
      'Connections cut off because the client did not take its answer.',
      one(ingress.cutOff),
    ),
    counter('weft_ingress_requests_total', 'Requests received, those for the platform included.', one(ingress.requests)),
    counter('weft_ingress_refused_total', 'Requests that no function saw, by HTTP status.', refused),
  ];
}

function processFamilies({ version, followers }: ProcessFacts): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return [
    { name: 'weft_build_info', type: 'gauge', help: 'What runs.', samples: [{ labels: { version, node: process.version }, value: 1 }] },
    gauge('weft_log_followers', 'Clients that follow logs.', one(followers)),
    gauge('process_resident_memory_bytes', 'Resident memory.', one(rss)),
    gauge('weft_control_heap_bytes', 'JavaScript heap of the control thread.', one(heapUsed)),
    gauge('weft_control_external_bytes', 'Memory outside of that heap.', one(external)),
    counter('process_cpu_seconds_total', 'User and system time.', one((user + system) / 1e6)),
    gauge('process_start_time_seconds', 'Start, Unix time.', one(performance.timeOrigin / 1000)),
  ];
}

function labelsOf(fn: FunctionMetrics): Record<string, string> {
  return { app: fn.app, function: fn.function };
}

function one(value: number): Sample[] {
  return [{ labels: {}, value }];
}

function counter(name: string, help: string, samples: Sample[]): MetricFamily {
  return { name, help, samples, type: 'counter' };
}

function gauge(name: string, help: string, samples: Sample[]): MetricFamily {
  return { name, help, samples, type: 'gauge' };
}
