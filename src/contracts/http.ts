/**
 * Any HTTP server, as users of OpenFaaS bring them in images: it gets the client's request, below the function's name, and what it
 * answers is the answer. The headers that the platform adds are those of OpenFaaS's gateway.
 */
import { performance } from 'node:perf_hooks';
import type { Headers, HttpWire, WireAnswer, WireCall, WireReply, WireRequest } from '../drivers/wire.ts';
import type { Input } from '../engine/contract.ts';
import type { FunctionSettings } from '../model/app.ts';
import { Recent } from '../model/recent.ts';
import { callHeaders, withForwarding } from './call-headers.ts';
import { forwardedOf, passedOn } from './forwarding.ts';
import { durationLine, ranByOfWatchdog, timeoutHeader } from './of-watchdog.ts';

const TCP = 'tcp:';

export const http: HttpWire = {
  kind: 'http',
  listens: 'port',
  exclusive: false,
  webSockets: true,
  env(_spec: FunctionSettings, address: string): Record<string, string> {
    return address.startsWith(TCP) ? { PORT: address.slice(TCP.length) } : {};
  },
  ask(spec: FunctionSettings, { head, body, method, path, query, client }: Input, call: WireCall): WireRequest {
    const { headers, hasId } = fromClient(forwardedOf(head), client);
    const more = callHeaders(call, hasId);
    if (ranByOfWatchdog(spec)) more.push(timeoutHeader(spec));
    return { method, target: targetOf(path, query), headers, more, body };
  },
  answer(spec: FunctionSettings, { status, headers }: WireReply, call?: WireCall): WireAnswer {
    const head = passedOn(headers);
    if (!call || !ranByOfWatchdog(spec)) return { kind: 'pass', status, head };
    return { kind: 'pass', status, head: Buffer.concat([head, Buffer.from(durationLine(performance.now() - call.startedAt))]) };
  },
};

/** Path and query. */
export function targetOf(path: string, query: string): string {
  return `${path === '' ? '/' : path}${query === '' ? '' : `?${query}`}`;
}

interface FromClient {
  readonly client: string | undefined;
  readonly headers: Headers;
  /** Whether it names its call itself. */
  readonly hasId: boolean;
}

const recent = new Recent<Headers, FromClient>();

/** Those of the client, and what a gateway adds that is the same for each request. */
function fromClient(theirs: Headers, client: string | undefined): FromClient {
  const known = recent.get(theirs);
  return known && known.client === client ? known : recent.set(theirs, completed(theirs, client));
}

function completed(theirs: Headers, client: string | undefined): FromClient {
  const { headers, host, hasId } = withForwarding(theirs, client);
  if (host === undefined) headers.push(['Host', 'localhost']);
  return { client, headers, hasId };
}
