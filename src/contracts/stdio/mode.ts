/** One way of running a program for a request: what it finds, and what its end means. The same in a context, a process and a container. */
import type { FindEnd, ProgramCall, ProgramEnd } from '../../drivers/wire.ts';
import type { Answer, Input, Outcome } from '../../engine/contract.ts';
import type { FunctionSettings, StdioOptions } from '../../model/app.ts';

export interface Mode {
  /** Answers what the program must not see. */
  admit?(input: Input): Answer | undefined;
  env(spec: FunctionSettings, input: Input, call: ProgramCall): Readonly<Record<string, string>>;
  stdin(spec: FunctionSettings, input: Input, call: ProgramCall): Uint8Array;
  /** Header lines of an answer that goes out while it is printed. */
  streamHead?(spec: FunctionSettings, input: Input, call: ProgramCall): Uint8Array;
  /** Of a program that lives on from request to request. */
  readonly hot?: HotMode;
  answer(spec: FunctionSettings, input: Input, end: ProgramEnd): Outcome;
}

export interface HotMode {
  env(spec: FunctionSettings): Readonly<Record<string, string>>;
  answerEnd(): FindEnd;
}

const DEFAULTS: StdioOptions = { mode: 'plain', cgiHeaders: true, combineOutput: false, marshalRequest: false, headers: {} };

export function optionsOf(spec: FunctionSettings): StdioOptions {
  return spec.stdio ?? DEFAULTS;
}
