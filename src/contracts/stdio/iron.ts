/** IronFunctions' default format: a run a request, the request in the environment, standard output is the answer. */
import type { ProgramEnd } from '../../drivers/wire.ts';
import type { Failure, Input } from '../../engine/contract.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { failureWithout, textBytes } from './answers.ts';
import { ironVariables, type Variables, variables } from './environment.ts';
import { exitCodeOf } from './exit.ts';
import { type Mode, optionsOf } from './mode.ts';

const NOTHING = new Uint8Array(0);
/** What Docker gives when the kernel killed a container for its memory. */
const OUT_OF_MEMORY = 137;
const JSON_TYPE = textBytes('Content-Type: application/json\r\n');

export const iron: Mode = {
  env: ironEnvironment,
  /** The body of a POST; of a GET the parameter `payload`; of all others nothing. */
  stdin(_spec, input) {
    if (input.method === 'POST') return input.body;
    return input.method === 'GET' ? textBytes(new URLSearchParams(input.query).get('payload') ?? '') : NOTHING;
  },
  answer(spec, _input, end) {
    return ironFailure(end) ?? { status: 200, head: textBytes(routeHead(spec)), body: end.stdout };
  },
};

export function ironEnvironment(spec: FunctionSettings, input: Input): Variables {
  return variables(spec, ironVariables(spec, input, `/${spec.name}`));
}

/** Fields of the route; those that the function sets itself stand in their place. */
export function routeHead(spec: FunctionSettings, own: readonly (readonly [string, string])[] = []): string {
  const lower = (name: string): string => name.toLowerCase();
  const routes = new Map(Object.entries(optionsOf(spec).headers).map(([name, value]) => [lower(name), [name, value] as const]));
  if (spec.contentType !== undefined) routes.set('content-type', ['Content-Type', spec.contentType]);
  for (const [name] of own) routes.delete(lower(name));
  return [...routes.values(), ...own].map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

/** Nothing when the program ended well. */
export function ironFailure(end: ProgramEnd): Failure | undefined {
  const code = exitCodeOf(end);
  if (code === 0) return undefined;
  return ironError(code === OUT_OF_MEMORY ? 'out of memory error' : `exit code ${code}`, end);
}

export function ironError(message: string, end: ProgramEnd): Failure {
  const body = textBytes(JSON.stringify({ request_id: end.id, error: { message } }));
  return failureWithout(message, end, { status: 500, head: JSON_TYPE, body });
}
