/**
 * Functions written against <fn/fdk.h>, in a context. They get the client's request as it is: what Fn's platform says beside it
 * stands before the client's headers, in lines that sdk/lib/contracts/fn.c knows (HOST_LINES).
 */
import { randomUUID } from 'node:crypto';
import type { Chain } from '../engine/chain.ts';
import type { Answer, Contract, Failure, Input } from '../engine/contract.ts';
import { fnFailure, fnVariables, urlOf } from './fn-wire.ts';
import { isoTime } from './iso-time.ts';
import { deliver, readAnswer } from './weft.ts';

const LINE_FEED = 0x0a;
const FAILED = 502;
const NOTHING = new Uint8Array(0);

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
    if (chain.callId === undefined || !('head' in answer)) return answer;
    return { status: answer.status, head: joined(answer.head, `Fn-Call-Id: ${chain.callId}\r\n`, NOTHING), body: answer.body };
  },
};

function withHostLines(chain: Chain, head: Uint8Array): Uint8Array {
  chain.callId ??= randomUUID();
  const lines = `Fn-Call-Id: ${chain.callId}\r\nFn-Deadline: ${isoTime(chain.deadlineAt)}\r\nFn-Http-Request-Url: ${urlOf(head)}\r\n`;
  const behind = head.indexOf(LINE_FEED) + 1;
  return joined(head.subarray(0, behind), lines, head.subarray(behind));
}

/** A byte for each character of the text. */
function joined(before: Uint8Array, text: string, behind: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(before.length + text.length + behind.length);
  bytes.set(before);
  bytes.write(text, before.length, 'latin1');
  bytes.set(behind, before.length + text.length);
  return bytes;
}
