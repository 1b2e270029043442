/**
 * nightcore's C interface (faas/worker_v1_interface.h): bytes in, bytes out, state kept between calls. Its gateway shows a
 * function neither path nor headers, answers POST only unless told otherwise, and fails with an empty 500.
 */
import type { CallWire } from '../drivers/wire.ts';
import type { Chain } from '../engine/chain.ts';
import { type Answer, type Contract, Failure, type Input, type Outcome, TOO_LARGE } from '../engine/contract.ts';
import type { FunctionSettings } from '../model/app.ts';
import { deliver, readAnswer } from './weft.ts';

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();
const PLAIN = encoder.encode('Content-Type: text/plain\r\n');
const bare = (status: number): Answer => ({ status, head: PLAIN, body: NOTHING });

/** What weft-host says in place of a result (sdk/host/README.md). */
const HOST_RESULTS = { tooLarge: -(2 ** 31), noMemory: -(2 ** 31) + 1 };

export const nightcore: Contract = {
  name: 'nightcore',
  switchable: true,
  mayExit: false,
  admit,
  accept: (chain: Chain, input: Input) => deliver(chain, NOTHING, inputOf(chain.fn.spec, input)),
  answer(chain: Chain, result: number): Answer | Failure {
    if (result !== 0) return failed(`faas_func_call returned ${result}`);
    const answer = readAnswer(chain);
    return answer instanceof Failure ? failed(answer.reason) : { status: 200, head: PLAIN, body: answer.body };
  },
};

/** The same function as a native library, in a worker process. */
export const nightcoreWire: CallWire = {
  kind: 'calls',
  admit,
  input: inputOf,
  answer(_spec: FunctionSettings, result: number, output: Uint8Array): Outcome {
    if (result === HOST_RESULTS.tooLarge) return TOO_LARGE;
    if (result === HOST_RESULTS.noMemory) return failed('there was no memory for its output');
    return result === 0 ? { status: 200, head: PLAIN, body: output } : failed(`faas_func_call returned ${result}`);
  },
};

function admit(spec: FunctionSettings, { method, path }: Input): Answer | undefined {
  const allowed = method === 'POST' || (method === 'GET' && spec.nightcore?.allowHttpGet === true);
  return allowed && path === '' ? undefined : bare(404);
}

/** A call from a function has no head, and is its input whatever the query of others means. */
function inputOf(spec: FunctionSettings, { head, query, body }: Input): Uint8Array {
  return spec.nightcore?.qsAsInput === true && head.length > 0 ? encoder.encode(queryAsJson(query)) : body;
}

const failed = (reason: string): Failure => new Failure(reason, bare(500));

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
