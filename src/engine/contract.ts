/** How a function is written: what a contract must do so that the engine can run a function of that kind. */
import type { ContractName, FunctionSettings } from '../model/app.ts';
import type { Chain } from './chain.ts';

/** A request or call on its way into a function. Views are borrowed until the function was entered. */
export interface Input {
  /** Request line and headers (docs/guest-abi.md, `in_head`); empty for a call from a function. */
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Address of the client; absent for a call from a function. */
  readonly client?: string | undefined;
}

/** What a program with `main` finds; set by its contract. */
export interface Program {
  /** Of the request, for those that ask for one. */
  readonly id?: string;
  readonly env: () => Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
  /** Header lines of an answer that goes out while it is printed. */
  readonly streamHead?: Uint8Array | undefined;
  /** Standard error is part of the answer. */
  readonly joinsErrors?: boolean;
}

/** What a function answered; views of its memory or of the host's, to be copied before the context rolls back. */
export interface Answer {
  readonly status: number;
  /** Header lines. */
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

export type Outcome = Answer | Failure | typeof TOO_LARGE;

export interface Contract {
  readonly name: ContractName;
  /** Which entries of a switch it has: only functions entered through the mailbox can be called without the host. */
  readonly switchable: boolean;
  /** Whether to exit is an ordinary way to end; elsewhere it is a trap. */
  readonly mayExit: boolean;
  /** Variables that its platform sets in each function, in front of the function's own. */
  env?(spec: FunctionSettings, app: string): Readonly<Record<string, string>>;
  /** Answers a request that the function must not see; nothing for all others. */
  admit?(spec: FunctionSettings, input: Input): Answer | undefined;
  /** Puts the input where the function will look for it. False when there is no room for it. Replayed requests come again. */
  accept(chain: Chain, input: Input): boolean;
  /** Reads the answer of an entry that returned `result`. */
  answer(chain: Chain, result: number): Outcome;
  /** Whether a streamed answer is whole, when its entry returned `result`; if that is not simply 0. */
  streamIsWhole?(chain: Chain, result: number): boolean;
}

/** The function wrote more than its limit; nothing of it is kept. */
export const TOO_LARGE = 'too large';

/** The function itself said that it failed. */
export class Failure {
  readonly reason: string;
  /** Answer to show the client in place of the catalogue's, where the platform hosted has one of its own. */
  readonly answer: Answer | undefined;

  constructor(reason: string, answer?: Answer) {
    this.reason = reason;
    this.answer = answer;
  }
}
