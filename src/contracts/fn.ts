/**
 * Functions written against <fn/fdk.h>, in a context. They get the client's request as it is: what Fn's platform says beside it
 * stands before the client's headers, in lines that sdk/lib/contracts/fn.c knows (HOST_LINES).
 */
import { randomUUID } from 'node:crypto';
import type { Chain } from '../engine/chain.ts';
import type { Answer, Contract, Failure, Input } from '../engine/contract.ts';
import { fnFailure, fnVariables, urlOf } from './fn-wire.ts';
import { deliver, readAnswer } from './weft.ts';

const LINE_FEED = 0x0a;
const FAILED = 502;

/** A chain that is replayed is the same call. */
const ids = new WeakMap<Chain, string>();

export const fn: Contract = {
  name: 'fn',
  switchable: true,
  mayExit: false,
  env: fnVariables,
  accept(chain: Chain, input: Input): boolean {
    return deliver(chain, input.head.length === 0 ? input.head : withHostLines(chain, input.head), input.body);
  },
  answer(chain: Chain, result: number): Answer | Failure {
    if (result !== 0) return fnFailure(FAILED, 'function failed', `it returned ${result}`);
    const answer = readAnswer(chain);
    const id = ids.get(chain);
    if (id === undefined || !('head' in answer)) return answer;
    return { ...answer, head: Buffer.concat([answer.head, Buffer.from(`Fn-Call-Id: ${id}\r\n`)]) };
  },
};

function withHostLines(chain: Chain, head: Uint8Array): Uint8Array {
  const id = ids.get(chain) ?? randomUUID();
  ids.set(chain, id);
  const deadline = new Date(performance.timeOrigin + chain.deadlineAt).toISOString();
  const lines = `Fn-Call-Id: ${id}\r\nFn-Deadline: ${deadline}\r\nFn-Http-Request-Url: ${urlOf(head)}\r\n`;
  const behind = head.indexOf(LINE_FEED) + 1;
  return Buffer.concat([head.subarray(0, behind), Buffer.from(lines, 'latin1'), head.subarray(behind)]);
}
