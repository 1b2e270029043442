/** Times as ISO 8601 has them, to the millisecond, in UTC: `2026-11-28T10:43:09.250Z`. */
import { performance } from 'node:perf_hooks';

const SECOND_MS = 1000;
const MILLISECONDS_AT = -4;

/** The latest second: a Date takes twenty times as long to print as this to look up. */
let latest = Number.NaN;
let prefix = '';

/** Of a time by performance.now(). */
export function isoTime(at: number): string {
  const ms = Math.round(performance.timeOrigin + at);
  const second = Math.floor(ms / SECOND_MS);
  if (second !== latest) {
    prefix = new Date(second * SECOND_MS).toISOString().slice(0, MILLISECONDS_AT);
    latest = second;
  }
  return `${prefix}${String(ms - second * SECOND_MS).padStart(3, '0')}Z`;
}
