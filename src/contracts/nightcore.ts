/**
 * nightcore's C interface (faas/worker_v1_interface.h): bytes in, bytes out, state kept between calls. Its gateway shows a
 * function neither path nor headers, answers POST only unless told otherwise, and fails with an empty 500.
 */
import type { Chain } from '../engine/chain.ts';
import { type Answer, type Contract, Failure, type Input } from '../engine/contract.ts';
import type { FunctionSettings } from '../model/app.ts';
import { deliver, readAnswer } from './weft.ts';

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();
const PLAIN = encoder.encode('Content-Type: text/plain\r\n');
const bare = (status: number): Answer => ({ status, head: PLAIN, body: NOTHING });

export const nightcore: Contract = {
  name: 'nightcore',
  switchable: true,
  mayExit: false,
  admit(spec: FunctionSettings, { method, path }: Input): Answer | undefined {
    const allowed = method === 'POST' || (method === 'GET' && spec.nightcore?.allowHttpGet === true);
    return allowed && path === '' ? undefined : bare(404);
  },
  accept(chain: Chain, input: Input): boolean {
    const fromQuery = chain.fn.spec.nightcore?.qsAsInput === true && input.head.length > 0;
    return deliver(chain, NOTHING, fromQuery ? encoder.encode(queryAsJson(input.query)) : input.body);
  },
  answer(chain: Chain, result: number): Answer | Failure {
    if (result !== 0) return new Failure(`faas_func_call returned ${result}`, bare(500));
    const answer = readAnswer(chain);
    return answer instanceof Failure ? new Failure(answer.reason, bare(500)) : { status: 200, head: PLAIN, body: answer.body };
  },
};

/** Decoded parameters as a JSON object of strings; malformed parts are skipped, the last of a name wins. */
function queryAsJson(query: string): string {
  const parts = query.split('&').flatMap((part) => {
    const [name, value, more] = part.split('=').map(decode);
    return name === undefined || name === '' || value === undefined || more !== undefined ? [] : [[name, value] as const];
  });
  return JSON.stringify(Object.fromEntries(parts));
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
