/** `weft bench`: a small load on one function. What the platform itself costs is measured by the repository's own benchmarks. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { Pool } from 'undici';
import { callFunction, type FunctionRequest, wholeBody } from './function-request.ts';
import { gatewayUrl } from './gateway-address.ts';
import { platformError, reportPlatformError } from './platform-error.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface BenchOptions {
  readonly connections: number;
  readonly seconds: number;
  readonly data: string;
  readonly method: string;
  readonly path: string;
  readonly header?: readonly string[];
  readonly gateway?: string;
  readonly context?: string;
}

/** Requests before the clock starts: code is compiled and contexts are made. */
const WARM_UP_MS = 500;
const MICROSECOND_NS = 1000;

interface Load {
  readonly took: RecordableHistogram;
  readonly byStatus: Map<number, number>;
}

/** @returns exit code: 0 only when every answer was below 400 */
export async function bench(terminal: Terminal, name: string, options: BenchOptions): Promise<number> {
  const { connections, seconds, method, path, header = [], data } = options;
  const url = await gatewayUrl(options);
  const call: FunctionRequest = { url, name, method: method.toUpperCase(), path, headers: header, body: Buffer.from(data) };
  const pool = new Pool(url, { connections, headersTimeout: 0, bodyTimeout: 0 });
  try {
    const first = await callFunction(pool, call);
    const refused = platformError(first, await wholeBody(first));
    if (refused !== undefined) return reportPlatformError(terminal, refused);
    await put(pool, call, { connections, forMs: WARM_UP_MS });
    terminal.status(`${connections} connections for ${seconds} s …`);
    const load = await put(pool, call, { connections, forMs: seconds * 1000 });
    terminal.status('');
    return report(terminal, load, options);
  } finally {
    await pool.destroy();
  }
}

/** A closed loop: each connection sends its next request when it has its answer. */
async function put(pool: Pool, call: FunctionRequest, { connections, forMs }: { connections: number; forMs: number }): Promise<Load> {
  const load: Load = { took: createHistogram(), byStatus: new Map() };
  const end = performance.now() + forMs;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const began = process.hrtime.bigint();
      const { status, body } = await callFunction(pool, call);
      for await (const _ of body);
      load.took.record(process.hrtime.bigint() - began);
      load.byStatus.set(status, (load.byStatus.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  return load;
}

function report(terminal: Terminal, { took, byStatus }: Load, { connections, seconds }: BenchOptions): number {
  const us = (ns: number): number => Math.round(ns / MICROSECOND_NS);
  const result = {
    connections,
    seconds,
    requests: took.count,
    requestsPerSecond: Math.round(took.count / seconds),
    p50Us: us(took.percentile(50)),
    p99Us: us(took.percentile(99)),
    maxUs: us(took.max),
    byStatus: Object.fromEntries(byStatus),
  };
  const statuses = [...byStatus].map(([status, times]) => `${times} × ${status}`);
  const rows = [
    ['requests a second', result.requestsPerSecond],
    ['p50', `${result.p50Us} µs`],
    ['p99', `${result.p99Us} µs`],
    ['longest', `${result.maxUs} µs`],
    ['answers', statuses.join(', ')],
  ] as const;
  terminal.data(result, table(rows));
  terminal.say('Times include sending and receiving in this process, which takes a core of its own.');
  return [...byStatus.keys()].every((status) => status < 400) ? 0 : 5;
}
