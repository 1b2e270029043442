/**
 * How a program outside of this process is spoken to: what a contract knows and a driver does not. Contracts that can run as a
 * process or in a container provide one (src/contracts/wires.ts); drivers get them all.
 */
import type { Answer, Failure, Input, Outcome } from '../engine/contract.ts';
import type { ContractName, FunctionSettings } from '../model/app.ts';

/** Name and value, in the order they are sent. Each character is a byte (latin1): nothing is decoded, so nothing is lost. */
export type Headers = readonly (readonly [name: string, value: string])[];

interface AnyWire {
  /** Answers what the function must not see; nothing for all others. */
  admit?(spec: FunctionSettings, input: Input): Answer | undefined;
}

/** A function that is a server: requests are HTTP/1.1 on a socket. */
export interface HttpWire extends AnyWire {
  readonly kind: 'http';
  /**
   * Where the server listens when the manifest does not say: a socket that the driver makes room for, or the port in PORT.
   * `env` is told the address: `unix:<path>` or `tcp:<port>`.
   */
  readonly listens: 'unix' | 'port';
  env(spec: FunctionSettings, address: string, app: string): Readonly<Record<string, string>>;
  /** Whether one instance takes one request at a time. */
  readonly exclusive: boolean;
  /** Whether clients may ask it for WebSockets. */
  readonly webSockets?: boolean;
  /** What a request is answered whose instance took too long to listen, or could not; WEFT_START_FAILED when absent. */
  notReady?(spec: FunctionSettings, how: 'late' | 'failed', reason: string): Failure;
  ask(spec: FunctionSettings, input: Input, call: WireCall): WireRequest;
  /** `fatal`: the instance cannot be trusted to go on. `call` is what was asked with. */
  answer(spec: FunctionSettings, reply: WireReply, call?: WireCall): WireAnswer;
}

/** One request or call, as its function may know it. */
export interface ProgramCall {
  readonly id: string;
  /** By performance.now(), as all times of requests. */
  readonly startedAt: number;
}

export interface WireCall extends ProgramCall {
  readonly deadlineAt: number;
}

export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Without framing headers: the driver sends Content-Length. The same object for the same headers, where there is one: its lines are remembered. */
  readonly headers: Headers;
  /** Of this request alone; they follow. */
  readonly more?: Headers;
  /** The driver's to set: the server is offered to go on with WebSocket's frames. */
  readonly asksForWebSocket?: boolean;
  readonly body: Uint8Array;
}

export interface WireReply {
  readonly status: number;
  /** The same object, mostly, for the same headers. */
  readonly headers: Headers;
  /** What Content-Length says. */
  readonly bodyBytes?: number | undefined;
}

export type WireAnswer =
  /** Status and header lines for the client; the body follows as it comes. */
  | { readonly kind: 'pass'; readonly status: number; readonly head: Uint8Array }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly fatal: boolean };

/** A program that is run for a request: environment and standard input in, standard output and exit status out. */
export interface StdioWire extends AnyWire {
  readonly kind: 'stdio';
  /** fork: a new process a request. hot: one process reads request after request from its standard input, as HTTP or JSON. */
  life(spec: FunctionSettings): 'fork' | 'hot';
  /** Of one request (fork). */
  env(spec: FunctionSettings, input: Input, call: ProgramCall): Readonly<Record<string, string>>;
  /** Of the whole life (hot). */
  lifeEnv(spec: FunctionSettings): Readonly<Record<string, string>>;
  stdin(spec: FunctionSettings, input: Input, call: ProgramCall): Uint8Array;
  /** hot: what finds the end of one answer. */
  answerEnd?(spec: FunctionSettings): FindEnd | undefined;
  /**
   * Header lines of an answer that goes out while it is printed, with status 200; nothing: it is answered at its end. However the program
   * exits, such an answer is whole; a signal or the deadline breaks it off. `answer` is asked as well when nothing was printed.
   */
  streamHead(spec: FunctionSettings, input: Input, call: ProgramCall): Uint8Array | undefined;
  /** Whether standard error belongs to the answer, in the order in which it was written, and not to the log. */
  joinsErrors(spec: FunctionSettings): boolean;
  /** @throws WeftError of the catalogue: WEFT_FUNCTION_CRASHED */
  answer(spec: FunctionSettings, input: Input, end: ProgramEnd): Outcome;
}

/**
 * Given all that was printed for a request so far, again with each piece: how many bytes make one whole answer; nothing while it is not
 * whole. It remembers how far it has looked, so it is for one answer. @throws Error for what is none
 */
export type FindEnd = (stdout: Uint8Array) => number | undefined;

/** With the call as `env` and `stdin` got it. */
export interface ProgramEnd extends ProgramCall {
  /** How long the request took until now, milliseconds. */
  readonly ms: number;
  /** 0 for a hot program that goes on. */
  readonly exitCode: number;
  /** Name of the signal that ended it, such as SIGSEGV. */
  readonly signal: string | undefined;
  /** What it printed; with `joinsErrors` standard error too. */
  readonly stdout: Uint8Array;
  /** The last of it, at most 64 KiB; all of it went to the log line by line. */
  readonly stderr: Uint8Array;
}

/** A library that is called in a worker process (nightcore): bytes in, bytes and a result out. */
export interface CallWire extends AnyWire {
  readonly kind: 'calls';
  input(spec: FunctionSettings, input: Input): Uint8Array;
  answer(spec: FunctionSettings, result: number, output: Uint8Array): Outcome;
}

export type Wire = HttpWire | StdioWire | CallWire;

/** Absent: functions of that contract are WebAssembly only. */
export type Wires = Readonly<Partial<Record<ContractName, Wire>>>;
