import type { Exchange } from '../model/exchange.ts';

/** Where a streamed answer goes. */
export type Stream = Pick<Exchange, 'begin' | 'write' | 'drained' | 'end' | 'abort' | 'closed'>;
