/** What the connections of one thread share. An object without getters of its own: with one, V8 would look up each field by its name. */
import type { WeftError } from '../../model/errors.ts';
import type { Dispatcher, Route } from '../../model/exchange.ts';
import type { ControlRequest, IngressMetrics } from '../../engine/protocol.ts';
import type { Arrivals } from './arrivals.ts';
import type { ControlClient } from './control-client.ts';
import type { Connection } from './connection.ts';
import type { IngressLimits } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { RequestParser } from './parser.ts';
import type { Budget } from './pending-body.ts';
import type { StatusLines } from './status-lines.ts';

export interface Hub {
  readonly dispatcher: Dispatcher;
  readonly control: (request: ControlRequest, client: ControlClient) => void;
  readonly badResponse: (route: Route, error: WeftError) => void;
  readonly limits: IngressLimits;
  readonly parser: RequestParser;
  readonly arrivals: Arrivals;
  readonly outbox: Outbox;
  readonly lines: StatusLines;
  readonly pendingBodies: Budget;
  readonly metrics: IngressMetrics;
  /** Monotonic milliseconds as of the last sweep: exact enough for timeouts, and free to read. */
  readonly now: () => number;
  /** The ingress is closing. */
  draining: boolean;
  /** The sockets are TCP, which can be reset. */
  readonly resets: boolean;
  /** The connection is over. */
  readonly left: (connection: Connection) => void;
}
