/**
 * Any HTTP server, as users of OpenFaaS bring them in images: it gets the client's request, below the function's name, and what it
 * answers is the answer. The headers that the platform adds are those of OpenFaaS's gateway.
 */
import type { Headers, HttpWire, WireAnswer, WireCall, WireReply, WireRequest } from '../drivers/wire.ts';
import type { Answer, Input } from '../engine/contract.ts';
import type { FunctionSettings } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import { forwarded, forwardedOf, headLines } from './forwarding.ts';
import { durationLine, ranByOfWatchdog, timeoutHeader } from './of-watchdog.ts';

const JSON_HEAD = Buffer.from('Content-Type: application/json\r\n');
const TCP = 'tcp:';

export const http: HttpWire = {
  kind: 'http',
  listens: 'port',
  exclusive: false,
  env(_spec: FunctionSettings, address: string): Record<string, string> {
    return address.startsWith(TCP) ? { PORT: address.slice(TCP.length) } : {};
  },
  admit(_spec: FunctionSettings, { head }: Input): Answer | undefined {
    if (head.length === 0 || !asksForWebSocket(head)) return undefined;
    const error = new WeftError('WEFT_NOT_IMPLEMENTED', { reason: 'WebSocket connections are not passed on to functions' });
    return { status: error.entry.status, head: JSON_HEAD, body: Buffer.from(`${JSON.stringify(error)}\n`) };
  },
  ask(spec: FunctionSettings, { head, body, method, path, query, client }: Input, { id }: WireCall): WireRequest {
    const headers = headersFor(forwardedOf(head), id, client);
    if (ranByOfWatchdog(spec)) headers.push(timeoutHeader(spec));
    return { method, target: targetOf(path, query), headers, body };
  },
  answer(spec: FunctionSettings, { status, headers }: WireReply, call?: WireCall): WireAnswer {
    const head = headLines(forwarded(headers));
    if (!call || !ranByOfWatchdog(spec)) return { kind: 'pass', status, head };
    return { kind: 'pass', status, head: Buffer.concat([head, Buffer.from(durationLine(performance.now() - call.startedAt))]) };
  },
};

/** Path and query. */
export function targetOf(path: string, query: string): string {
  return `${path === '' ? '/' : path}${query === '' ? '' : `?${query}`}`;
}

function headersFor(theirs: Headers, id: string, client: string | undefined): [string, string][] {
  const headers: [string, string][] = [];
  let host: string | undefined;
  let hasId = false;
  let hasForwardedHost = false;
  let lastHop = -1;
  for (const [name, value] of theirs) {
    const lower = name.toLowerCase();
    if (lower === 'host') host = value;
    else if (lower === 'x-call-id') hasId = true;
    else if (lower === 'x-forwarded-host') hasForwardedHost = true;
    else if (lower === 'x-forwarded-for') lastHop = headers.length;
    headers.push([name, value]);
  }
  if (client !== undefined) addForwardedFor(headers, lastHop, client);
  if (host === undefined) headers.push(['Host', 'localhost']);
  else if (!hasForwardedHost) headers.push(['X-Forwarded-Host', host]);
  if (!hasId) headers.push(['X-Call-Id', id]);
  headers.push(['X-Start-Time', nanosecondsNow()]);
  return headers;
}

/** Each proxy adds whom it got the request from. */
function addForwardedFor(headers: [string, string][], last: number, client: string): void {
  const known = headers[last];
  if (known) known[1] += `, ${client}`;
  else headers.push(['X-Forwarded-For', client]);
}

/** Unix time; more digits than a number holds exactly. */
function nanosecondsNow(): string {
  const now = performance.timeOrigin + performance.now();
  const milliseconds = Math.floor(now);
  return `${milliseconds}${String(Math.floor((now - milliseconds) * 1e6)).padStart(6, '0')}`;
}

function asksForWebSocket(head: Uint8Array): boolean {
  return /\r\nupgrade:[ \t]*websocket/i.test(Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1'));
}
