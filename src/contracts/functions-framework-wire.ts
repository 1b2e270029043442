/** Google's functions-framework as a process: the server of sdk/lib/contracts/functions-framework, which every such program has in it. */
import type { HttpWire, WireAnswer, WireReply, WireRequest } from '../drivers/wire.ts';
import type { Input } from '../engine/contract.ts';
import type { FunctionSettings } from '../model/app.ts';
import { forwardedOf, passedOn } from './forwarding.ts';
import { targetOf } from './http.ts';

const TCP = 'tcp:';
const HOST = [['Host', 'localhost']] as const;

export const functionsFrameworkWire: HttpWire = {
  kind: 'http',
  listens: 'unix',
  exclusive: false,
  env({ limits }: FunctionSettings, address: string): Record<string, string> {
    const listen = address.startsWith(TCP) ? { PORT: address.slice(TCP.length) } : { WEFT_LISTEN: address };
    return { ...listen, WEFT_REQUEST_BYTES: String(limits.requestBytes) };
  },
  /** As in a context: what the client sent, and nothing beside it. A call from another function has no headers. */
  ask(_spec: FunctionSettings, { head, body, method, path, query }: Input): WireRequest {
    const headers = head.length === 0 ? HOST : forwardedOf(head);
    return { method, target: targetOf(path, query), headers, body };
  },
  answer(_spec: FunctionSettings, { status, headers }: WireReply): WireAnswer {
    return { kind: 'pass', status, head: passedOn(headers) };
  },
};
