/** Requests that are not for a function, in the shape the control thread gets them, and the way its answer comes back. */
import { WeftError } from '../../model/errors.ts';
import type { ControlAnswer, ControlRequest } from '../../engine/protocol.ts';
import { COLON, CR, latin1, SP, TAB, trimmedEnd } from './bytes.ts';
import type { HttpExchange } from './exchange.ts';

export interface ControlClient {
  /** Once. With `body: null` pieces follow. */
  answer(answer: ControlAnswer): void;
  /** The next piece of a streamed answer; null ends it. Nothing waits: a client with too much unread is cut off. */
  piece(piece: Uint8Array | null): void;
  readonly closed: boolean;
  /** Set it to hear that the client hung up before its answer was whole. */
  onClosed: (() => void) | null;
}

export class ExchangeClient implements ControlClient {
  onClosed: (() => void) | null = null;
  readonly #exchange: HttpExchange;
  readonly #queuedBytes: () => number;
  readonly #maxQueuedBytes: number;

  constructor(exchange: HttpExchange, queue: { readonly queuedBytes: () => number; readonly maxQueuedBytes: number }) {
    this.#exchange = exchange;
    this.#queuedBytes = queue.queuedBytes;
    this.#maxQueuedBytes = queue.maxQueuedBytes;
  }

  get closed(): boolean {
    return this.#exchange.closed;
  }

  answer(answer: ControlAnswer): void {
    const head = headerLines(answer.headers);
    if (head instanceof WeftError) return this.#exchange.refuse(head);
    if (answer.body) this.#exchange.respond(answer.status, head, answer.body);
    else this.#exchange.begin(answer.status, head);
  }

  piece(piece: Uint8Array | null): void {
    if (piece === null) this.#exchange.end();
    else if (this.#queuedBytes() + piece.length > this.#maxQueuedBytes) this.#exchange.abort();
    else this.#exchange.write(piece);
  }
}

/** What is illegal in a line the exchange finds; what would make two lines of one only shows here. */
function headerLines(headers: readonly string[]): Uint8Array | WeftError {
  if (headers.some((part) => /[\r\n]/.test(part)))
    return new WeftError('WEFT_INTERNAL', { reason: 'the control thread set a header with a line break' });
  let text = '';
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return Buffer.from(text, 'latin1');
}

export function controlRequest(exchange: HttpExchange, target: string): ControlRequest {
  // The body is exact and a copy: it goes to another thread, which would else get all that was received with it.
  return { method: exchange.method, target, headers: headers(exchange.head), body: new Uint8Array(exchange.body) };
}

/** Of a head that the parser has passed: each line is a name, a colon, a value. */
function headers(bytes: Uint8Array): string[] {
  const list: string[] = [];
  let at = bytes.indexOf(CR) + 2;
  while (at < bytes.length) {
    const colon = bytes.indexOf(COLON, at);
    const end = bytes.indexOf(CR, colon);
    let value = colon + 1;
    while (bytes[value] === SP || bytes[value] === TAB) value += 1;
    list.push(latin1(bytes, at, colon), value < end ? latin1(bytes, value, trimmedEnd(bytes, value, end)) : '');
    at = end + 2;
  }
  return list;
}
