/** A request as it came in. */
import { copyOf } from '../../model/bytes.ts';
import type { Route } from '../../model/exchange.ts';
import type { RequestHead } from './request-head.ts';

export interface ReceivedRequest {
  readonly head: RequestHead;
  /** Holds the head from `at` on; lent until the request is dispatched. */
  readonly bytes: Uint8Array;
  readonly at: number;
  /** Null: not for a function. */
  readonly route: Route | null;
}

/** For a request that outlives what it was read into. */
export function ownRequest({ head, bytes, at, route }: ReceivedRequest): ReceivedRequest {
  return { head, bytes: copyOf(bytes.subarray(at, at + head.end)), at: 0, route };
}

/** Stands in for a request that was not understood. */
export const UNKNOWN_REQUEST: ReceivedRequest = {
  head: {
    start: 0,
    end: 0,
    method: 'GET',
    safe: true,
    http10: false,
    keepAlive: false,
    bodyLength: 0,
    expectsContinue: false,
    asksForWebSocket: false,
    target: { kind: 'server' },
  },
  bytes: new Uint8Array(0),
  at: 0,
  route: null,
};
