/**
 * The seam to functions that are no WebAssembly. A driver runs them (processes, containers) for one engine thread: each thread has
 * its own instances, as it has its own contexts, so that no request crosses threads. The engine admits, counts and answers.
 */
import type { FunctionSettings, Isolation } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import type { ToWebSocket } from '../model/exchange.ts';
import type { Input, Outcome } from './contract.ts';
import type { Ending } from './ending.ts';
import type { LogRecord } from './protocol.ts';

/** A function as its driver gets it. */
export interface DrivenSource {
  readonly app: string;
  readonly version: number;
  readonly spec: FunctionSettings;
  /** Its native program or library, executable, on this machine; absent for containers. */
  readonly program: string | undefined;
  /** Read-only files packed with it: path it sees → bytes. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** What the engine does for a driven function. */
export interface DrivenHost {
  log(level: LogRecord['level'], text: string): void;
  /** An instance began (+1) or is gone (-1). */
  instances(change: 1 | -1): void;
  /** A request had to wait for a new instance. */
  coldStart(): void;
  /** Runs another function of the app on behalf of a request that runs; `answered` is called once, perhaps before this returns. */
  call(request: DrivenRequest, name: string, body: Uint8Array, answered: (outcome: CallOutcome) => void): void;
}

/** `error` is 0, or one of CALL_ERROR (engine/abi.ts). */
export interface CallOutcome {
  readonly error: number;
  readonly status: number;
  readonly body: Uint8Array;
}

/** One request or call. */
export interface DrivenRequest {
  /** Owned: valid until the request is over. `head` is empty for a call from a function. */
  readonly input: Input;
  readonly depth: number;
  /** By performance.now(). */
  readonly startedAt: number;
  readonly deadlineAt: number;
  /** Told the error to answer with: WEFT_DEADLINE, or WEFT_CLIENT_GONE when the client hung up. */
  readonly ending: Ending;
  /** Where an answer may go in pieces; absent for calls, whose answer is one. */
  readonly stream: AnswerStream | undefined;
}

/** As of Exchange (model/exchange.ts). */
export interface AnswerStream {
  begin(status: number, head: Uint8Array): void;
  /** Copies a piece; false when the client is slow: then wait for `drained` before the next. */
  write(piece: Uint8Array): boolean;
  drained(): Promise<void>;
  /** From here on the request lasts, beyond its deadline, until `server` is closed. */
  readonly toWebSocket?: ToWebSocket | undefined;
  readonly closed: boolean;
}

/** The answer went to the request's stream, and is whole. */
export const STREAMED = 'streamed';

/** How a request came to its end; an error after `stream.begin` breaks the answer off. */
export type End = Outcome | typeof STREAMED | WeftError;

/** A function with its instances in this thread. */
export interface Driven {
  /**
   * Runs one request; `ended` is called once, perhaps before this returns, and never throws. Errors are of the catalogue: WEFT_DEADLINE,
   * WEFT_FUNCTION_CRASHED, WEFT_RESPONSE_TOO_LARGE and others. No promise: a short call costs less than the promises on its way would.
   */
  run(request: DrivenRequest, ended: (end: End) => void): void;
  /** Makes so many instances ready; 0 ends those that no request uses. @throws WeftError */
  scale(instances: number): Promise<void>;
  /** No request will come any more and none runs: ends all instances, resolves when they are gone. */
  close(): Promise<void>;
}

export interface Driver {
  /** Makes the function ready, with `spec.warm` instances. @throws WeftError: the version is refused then */
  open(source: DrivenSource, host: DrivenHost): Promise<Driven>;
  /** Ends everything at once. */
  close(): Promise<void>;
}

/** Absent: functions of that isolation are refused. */
export type Drivers = Readonly<Partial<Record<Exclude<Isolation['kind'], 'context'>, Driver>>>;

/** `run` of a driver whose requests take so long that a promise more does not matter. */
export function promised(run: (request: DrivenRequest) => Promise<Exclude<End, WeftError>>): Driven['run'] {
  return (request, ended) => {
    run(request).then(ended, (cause: unknown) => ended(asWeftError(cause)));
  };
}

export function asWeftError(cause: unknown): WeftError {
  return cause instanceof WeftError ? cause : new WeftError('WEFT_INTERNAL', { reason: String(cause) }, { cause });
}
