/**
 * Any program with `main`, in a context: the request is its standard input and environment, what it prints is the answer. How, is a
 * matter of its mode; a program that would go on to the next request finds the end of its input instead.
 */
import { randomUUID } from 'node:crypto';
import type { ProgramCall, ProgramEnd } from '../../drivers/wire.ts';
import { MAILBOX } from '../../engine/abi.ts';
import type { Chain } from '../../engine/chain.ts';
import { type Contract, type Outcome, type Program, TOO_LARGE } from '../../engine/contract.ts';
import type { Mode } from './mode.ts';
import { modeOf } from './modes.ts';
import { stdioWire } from './wire.ts';

const NOTHING = new Uint8Array(0);

export const stdio: Contract = {
  name: 'stdio',
  // Its input and output are the host's streams, which no switch can reach.
  switchable: false,
  mayExit: true,
  admit: (spec, input) => modeOf(spec).admit?.(input),
  accept(chain: Chain): boolean {
    chain.program = new RequestProgram(chain);
    return true;
  },
  answer(chain: Chain, result: number): Outcome {
    const { fn, input } = chain;
    if (chain.context.wasi?.overflow) return TOO_LARGE;
    return modeOf(fn.spec).answer(fn.spec, input, new End(chain, result));
  },
  streamIsWhole: (chain) => chain.context.wasi?.overflow !== true,
};

/** What a program finds in one request. A class, as these are: an object with getters of its own takes V8 half a microsecond to make. */
class RequestProgram implements Program, ProgramCall {
  readonly startedAt: number;
  readonly streamHead: Uint8Array | undefined;
  readonly joinsErrors: boolean;
  readonly #chain: Chain;
  readonly #mode: Mode;
  #stdin: Uint8Array | undefined;

  constructor(chain: Chain) {
    const { spec } = chain.fn;
    this.#chain = chain;
    this.#mode = modeOf(spec);
    this.startedAt = chain.startedAt;
    this.joinsErrors = stdioWire.joinsErrors(spec);
    this.streamHead = chain.stream ? stdioWire.streamHead(spec, chain.input, this) : undefined;
  }

  /** Most programs do not ask for it. */
  get id(): string {
    return (this.#chain.callId ??= randomUUID());
  }

  env(): Readonly<Record<string, string>> {
    const { fn, input } = this.#chain;
    return this.#mode.env(fn.spec, input, this);
  }

  /** The body itself may move (Chain.input); what is made of it is made once. */
  get stdin(): Uint8Array {
    const { fn, input } = this.#chain;
    const given = this.#stdin ?? this.#mode.stdin(fn.spec, input, this);
    if (given !== input.body) this.#stdin = given;
    return given;
  }
}

class End implements ProgramEnd {
  readonly startedAt: number;
  readonly ms: number;
  readonly exitCode: number;
  readonly signal = undefined;
  readonly stdout: Uint8Array;
  readonly stderr = NOTHING;
  readonly #program: Program | undefined;

  constructor({ context, program, startedAt }: Chain, result: number) {
    const { wasi } = context;
    const failed = wasi?.exitCode ?? (context.mailboxAddress === 0 ? 1 : (context.mailbox[MAILBOX.argument] ?? 1));
    this.startedAt = startedAt;
    this.ms = performance.now() - startedAt;
    this.exitCode = result === 0 ? 0 : failed;
    this.stdout = wasi?.stdout ?? NOTHING;
    this.#program = program;
  }

  get id(): string {
    return this.#program?.id ?? '';
  }
}
