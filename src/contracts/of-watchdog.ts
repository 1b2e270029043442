/** What of-watchdog adds to requests and answers of a server, for functions that it ran in its mode http: their environment says so still. */
import type { FunctionSettings } from '../model/app.ts';

/** In an image there is one still. */
export function ranByOfWatchdog({ env, isolation }: FunctionSettings): boolean {
  return isolation.kind === 'process' && env['mode'] === 'http';
}

/** The deadline as Go prints a duration: 1m30s. */
export function timeoutHeader({ limits }: FunctionSettings): [name: string, value: string] {
  return ['X-Timeout', goDuration(limits.deadlineMs)];
}

/** Seconds with six decimals. */
export function durationLine(ms: number): string {
  return `X-Duration-Seconds: ${(ms / 1000).toFixed(6)}\r\n`;
}

function goDuration(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
