/** One run of the load generator wrk: one thread, keep-alive connections, each sends its next request when it has its answer. */
import { join } from 'node:path';
import { output } from './processes.ts';

export interface Load {
  readonly connections: number;
  readonly seconds: number;
  readonly bodyBytes: number;
}

export interface LoadResult {
  readonly perSecond: number;
  /** Latency, microseconds. */
  readonly p50: number;
  readonly p99: number;
}

interface Printed {
  readonly requests: number;
  readonly us: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
}

export async function load(url: string, { connections, seconds, bodyBytes }: Load): Promise<LoadResult> {
  const script = join(import.meta.dirname, 'wrk.lua');
  const command = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url, '--', String(bodyBytes)];
  const text = await output('load', command);
  const json = /^JSON (.*)$/m.exec(text)?.[1];
  if (json === undefined) throw new Error(`wrk printed no result:\n${text}`);
  const { requests, us, p50, p99, errors } = JSON.parse(json) as Printed; // wrk.lua prints it
  if (errors > 0) throw new Error(`${errors} of ${requests} requests to ${url} failed`);
  return { perSecond: (requests * 1e6) / us, p50, p99 };
}
