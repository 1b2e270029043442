/**
 * Any program with `main`, in a context: the request is its standard input and environment, what it prints is the answer. How, is a
 * matter of its mode; a program that would go on to the next request finds the end of its input instead.
 */
import { randomUUID } from 'node:crypto';
import type { ProgramCall, ProgramEnd } from '../../drivers/wire.ts';
import { MAILBOX } from '../../engine/abi.ts';
import type { Chain } from '../../engine/chain.ts';
import { type Contract, type Outcome, TOO_LARGE } from '../../engine/contract.ts';
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
    const { spec } = chain.fn;
    const mode = modeOf(spec);
    let stdin: Uint8Array | undefined;
    const call = callOf(chain);
    chain.program = {
      get id() {
        return call.id;
      },
      env: () => mode.env(spec, chain.input, call),
      get stdin() {
        // The body itself may move (Chain.input); what is made of it is made once.
        const given = stdin ?? mode.stdin(spec, chain.input, call);
        if (given !== chain.input.body) stdin = given;
        return given;
      },
      streamHead: chain.stream ? stdioWire.streamHead(spec, chain.input, call) : undefined,
      joinsErrors: stdioWire.joinsErrors(spec),
    };
    return true;
  },
  answer(chain: Chain, result: number): Outcome {
    const { fn, input } = chain;
    if (chain.context.wasi?.overflow) return TOO_LARGE;
    return modeOf(fn.spec).answer(fn.spec, input, endOf(chain, result));
  },
  streamIsWhole: (chain) => chain.context.wasi?.overflow !== true,
};

/** Most programs do not ask for its id. */
function callOf({ startedAt }: Chain): ProgramCall {
  let id: string | undefined;
  return {
    get id() {
      return (id ??= randomUUID());
    },
    startedAt,
  };
}

function endOf(chain: Chain, result: number): ProgramEnd {
  const { context, program, startedAt } = chain;
  const { wasi } = context;
  const failed = wasi?.exitCode ?? (context.mailboxAddress === 0 ? 1 : (context.mailbox[MAILBOX.argument] ?? 1));
  return {
    get id() {
      return program?.id ?? '';
    },
    startedAt,
    ms: performance.now() - startedAt,
    exitCode: result === 0 ? 0 : failed,
    signal: undefined,
    stdout: wasi?.stdout ?? NOTHING,
    stderr: NOTHING,
  };
}
