/**
 * Google's functions-framework for C++ (google/cloud/functions/framework.h): HTTP requests and CloudEvents. Reading events, and answering
 * for what a function throws, is done beside the function, in sdk/lib/contracts/functions-framework.
 */
import type { Chain } from '../engine/chain.ts';
import { type Contract, Failure, type Input, type Outcome } from '../engine/contract.ts';
import { deliver, readAnswer } from './weft.ts';

const LINE_FEED = 10;
const VERSION_BYTES = 'HTTP/1.1\r\n'.length;
const NOTHING = new Uint8Array(0);

export const functionsFramework: Contract = {
  name: 'functions-framework',
  switchable: true,
  // `main` leaves by exit when it hands its function over; a function that exits in a request is a failure like any other.
  mayExit: true,
  accept: (chain: Chain, input: Input) => deliver(chain, atRoot(input), input.body),
  answer(chain: Chain, result: number): Outcome {
    const exitCode = chain.context.wasi?.exitCode;
    if (exitCode !== undefined) return new Failure(`it called exit(${exitCode})`);
    return result === 0 ? readAnswer(chain) : new Failure('it serves no function');
  },
};

/** The function has a server to itself: the path it sees begins behind its name. */
function atRoot({ head, method, path, query }: Input): Uint8Array {
  if (head.length === 0) return NOTHING;
  const end = head.indexOf(LINE_FEED) + 1;
  const target = `${method} ${path === '' ? '/' : path}${query === '' ? '' : `?${query}`} `;
  return Buffer.concat([Buffer.from(target, 'latin1'), head.subarray(Math.max(0, end - VERSION_BYTES))]);
}
