/** One request to a function that is an HTTP server: what its contract makes of request and answer, and how the answer reaches the client. */
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Answer, Failure } from '../../engine/contract.ts';
import { type AnswerStream, type DrivenRequest, STREAMED } from '../../engine/driver.ts';
import { illegalHead } from '../../engine/http-sink.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import type { HttpWire, WireAnswer, WireCall, WireReply } from '../wire.ts';
import type { HttpServerClient } from './client.ts';
import { MalformedAnswer, type Received, type Receiver } from './connection.ts';

export interface ServedFunction {
  readonly spec: FunctionSettings;
  readonly wire: HttpWire;
  readonly client: HttpServerClient;
}

export interface Served {
  readonly outcome: Answer | Failure | typeof STREAMED;
  /** The instance cannot be trusted to go on. */
  readonly fatal: boolean;
  /** It was a WebSocket, which has no answer that could tell of a crash. */
  readonly lasted: boolean;
}

/** An answer of at most so many bytes goes to the client in one piece, if the server says its length; others as they come. */
const WHOLE_BYTES = 64 * 1024;
const NOT_MODIFIED = 304;

/**
 * Calls `served` once, perhaps before this returns. After any error, a server that takes one request at a time may still be busy with this one.
 * Errors: ConnectionLost, which the driver, who knows how its instance is, makes an error of the catalogue; WeftError; the reason of the ending.
 * @throws what the contract throws while it makes the request; nothing was sent then
 */
export function serveThrough(
  { spec, wire, client }: ServedFunction,
  { input, startedAt, deadlineAt, ending, stream }: DrivenRequest,
  served: (result: Served | Error) => void,
): void {
  const call: WireCall = { id: randomUUID(), deadlineAt, startedAt };
  const request = wire.ask(spec, input, call);
  const asked = wire.webSockets && stream?.toWebSocket ? { ...request, asksForWebSocket: true } : request;
  const receiver = new AnswerReceiver({ spec, wire, call, stream, toHead: asked.method === 'HEAD' });
  client.send(asked, receiver, ending, (failure) => {
    if (failure instanceof MalformedAnswer)
      served(new WeftError('WEFT_BAD_RESPONSE', { name: spec.name, reason: failure.message }, { cause: failure }));
    else served(failure ?? receiver.served);
  });
}

interface AnswerParts {
  readonly spec: FunctionSettings;
  readonly wire: HttpWire;
  readonly call: WireCall;
  readonly stream: AnswerStream | undefined;
  readonly toHead: boolean;
}

class AnswerReceiver implements Receiver {
  readonly #parts: AnswerParts;
  #answer: WireAnswer | undefined;
  #begun = false;
  #lasted = false;
  /** What is kept until the answer is whole. */
  readonly #held: Uint8Array[] = [];
  /** Held or passed on. */
  #bytes = 0;
  #mayGrow = true;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  get served(): Served | Error {
    const answer = this.#answer;
    if (!answer) return new TypeError('An answer was whole without a head');
    if (answer.kind === 'failure') return { outcome: answer.failure, fatal: answer.fatal, lasted: false };
    if (this.#begun) return { outcome: STREAMED, fatal: false, lasted: this.#lasted };
    const [first] = this.#held;
    const body = this.#held.length === 1 && first ? first : Buffer.concat(this.#held);
    return { outcome: { status: answer.status, head: answer.head, body }, fatal: false, lasted: false };
  }

  received({ head, piece, whole }: Received): ReturnType<Receiver['received']> {
    const { spec, wire, call, stream, toHead } = this.#parts;
    if (head) {
      this.#answer = wire.answer(spec, head, call);
      const { bodyBytes } = head;
      this.#mayGrow = bodyBytes === undefined || bodyBytes > WHOLE_BYTES;
      // Known before anything went out, it can be told to the client.
      if (!toHead && head.status !== NOT_MODIFIED && bodyBytes !== undefined) this.#refuseAbove(bodyBytes);
    }
    const answer = this.#answer;
    if (!answer) return 'more';
    // What follows the head of a failure is of no interest; reading it keeps the connection.
    if (answer.kind === 'failure') return answer.fatal ? 'stop' : 'more';
    if (!stream) return this.#hold(piece);
    if (this.#begun) return this.#pass(stream, piece);
    // The ingress tells the length of what it has, which is not the one that this answer stands for.
    const bodiless = toHead || answer.status === NOT_MODIFIED;
    if (!bodiless && (whole || !this.#mayGrow)) return this.#hold(piece);
    this.#begin(stream, answer);
    return this.#pass(stream, piece);
  }

  switched(reply: WireReply, server: Duplex): void {
    const { spec, wire, call, stream } = this.#parts;
    this.#answer = wire.answer(spec, reply, call);
    if (this.#answer.kind === 'failure' || !stream?.toWebSocket) throw new TypeError('Nobody asked for a WebSocket');
    this.#begun = true;
    this.#lasted = true;
    stream.toWebSocket(this.#answer.head, server);
  }

  drained(): Promise<void> {
    return this.#parts.stream?.drained() ?? Promise.resolve();
  }

  #begin(stream: AnswerStream, { status, head }: WireAnswer & { kind: 'pass' }): void {
    const reason = illegalHead(status, head);
    if (reason !== undefined) throw new WeftError('WEFT_BAD_RESPONSE', { name: this.#parts.spec.name, reason });
    this.#begun = true;
    stream.begin(status, head);
  }

  #pass(stream: AnswerStream, piece: Uint8Array): ReturnType<Receiver['received']> {
    if (stream.closed) return 'stop';
    this.#count(piece);
    return stream.write(piece) ? 'more' : 'wait';
  }

  #count(piece: Uint8Array): void {
    this.#bytes += piece.length;
    this.#refuseAbove(this.#bytes);
  }

  #refuseAbove(bytes: number): void {
    const { name, limits } = this.#parts.spec;
    if (bytes > limits.responseBytes) throw new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes });
  }

  #hold(piece: Uint8Array): 'more' {
    this.#count(piece);
    if (piece.length > 0) this.#held.push(Buffer.from(piece));
    return 'more';
  }
}
