/**
 * What OpenFaaS's gateway adds to a request on its way to a function, and to the answer on its way back: who called, by which name the
 * call goes, and when it began. A call from function to function has no headers, and gets none.
 */
import { performance } from 'node:perf_hooks';
import type { ProgramCall } from '../drivers/wire.ts';

type Header = readonly [name: string, value: string];

export interface FromClient {
  /** The client's, with `X-Forwarded-For` and `X-Forwarded-Host`. */
  readonly headers: Header[];
  readonly host: string | undefined;
  /** Whether the client names its call itself. */
  readonly hasId: boolean;
}

/** @param client its address; absent for a call from a function */
export function withForwarding(theirs: readonly Header[], client: string | undefined): FromClient {
  const headers: Header[] = [];
  let host: string | undefined;
  let hasId = false;
  let hasForwardedHost = false;
  let lastHop = -1;
  for (const header of theirs) {
    const [name, value] = header;
    const lower = name.toLowerCase();
    if (lower === 'host') host = value;
    else if (lower === 'x-call-id') hasId = true;
    else if (lower === 'x-forwarded-host') hasForwardedHost = true;
    else if (lower === 'x-forwarded-for') lastHop = headers.length;
    headers.push(header);
  }
  if (client !== undefined) addForwardedFor(headers, lastHop, client);
  if (host !== undefined && !hasForwardedHost) headers.push(['X-Forwarded-Host', host]);
  return { headers, host, hasId };
}

/** Of one call. To the client go the same: an id that it made itself it does not get back. */
export function callHeaders({ id, startedAt }: ProgramCall, hasId: boolean): Header[] {
  const started: Header = ['X-Start-Time', nanoseconds(startedAt)];
  return hasId ? [started] : [['X-Call-Id', id], started];
}

/** Each proxy adds whom it got the request from. */
function addForwardedFor(headers: Header[], last: number, client: string): void {
  const known = headers[last];
  if (known) headers[last] = [known[0], `${known[1]}, ${client}`];
  else headers.push(['X-Forwarded-For', client]);
}

/** Of a time by performance.now(): Unix time, to the microsecond, as a number holds no more of it. */
function nanoseconds(at: number): string {
  return `${Math.floor((performance.timeOrigin + at) * 1000)}000`;
}
