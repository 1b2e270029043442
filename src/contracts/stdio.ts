/**
 * Any program with `main`: the body is its standard input, what it prints is the answer, the request is in its environment.
 * Status codes and variables are those of OpenFaaS's classic watchdog and of IronFunctions' default format.
 */
import { MAILBOX } from '../engine/abi.ts';
import type { Chain } from '../engine/chain.ts';
import { type Contract, Failure, type Input, type Outcome, TOO_LARGE } from '../engine/contract.ts';
import { headersOf } from './head.ts';

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);
const DEFAULT_TYPE = 'text/plain';

export const stdio: Contract = {
  name: 'stdio',
  // Its input and output are the host's streams, which no switch can reach.
  switchable: false,
  mayExit: true,
  accept(chain: Chain): boolean {
    chain.program = {
      env: () => environment(chain.fn.spec.env, chain.fn.name, chain.input),
      get stdin() {
        return chain.input.body;
      },
    };
    return true;
  },
  answer(chain: Chain, result: number): Outcome {
    const { context, fn } = chain;
    const { wasi } = context;
    const stdout = wasi?.stdout ?? NOTHING;
    if (wasi?.overflow) return TOO_LARGE;
    if (result === 0) return { status: 200, head: typeOf(fn.spec.contentType, chain.input), body: stdout };
    const code = wasi?.exitCode ?? (context.mailboxAddress === 0 ? 1 : context.mailbox[MAILBOX.argument]);
    const body = Buffer.concat([encoder.encode(`exit status ${code}\n`), stdout]);
    return new Failure(`exit status ${code}`, { status: 500, head: typeOf(fn.spec.contentType, chain.input), body });
  },
};

function typeOf(configured: string | undefined, input: Input): Uint8Array {
  const type = configured ?? headersOf(input.head).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? DEFAULT_TYPE;
  return encoder.encode(`Content-Type: ${type}\r\n`);
}

/** Variables of one request; the function's own come first, so that no client can replace them. */
function environment(own: Readonly<Record<string, string>>, name: string, input: Input): Record<string, string> {
  const path = input.path === '' ? '/' : input.path;
  const env: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [header, value] of headersOf(input.head)) {
    const canonical = canonicalName(header);
    env[`Http_${canonical}`] ??= value;
    const iron = `HEADER_${canonical.toUpperCase()}`;
    env[iron] = iron in env ? `${env[iron]} ${value}` : value;
  }
  env['Http_Method'] = input.method;
  env['Http_Path'] = path;
  if (input.query !== '') env['Http_Query'] = input.query;
  env['Http_ContentLength'] = String(input.body.length);
  env['Http_Content_Length'] = String(input.body.length);
  env['CONTENT_LENGTH'] = String(input.body.length);
  const type = env['Http_Content_Type'];
  if (type !== undefined) env['CONTENT_TYPE'] = type;
  env['METHOD'] = input.method;
  env['ROUTE'] = path;
  // IronFunctions leaves out the colon behind the scheme; a URL that parses serves its readers better.
  env['REQUEST_URL'] =
    `http://${env['Http_Host'] ?? 'localhost'}/function/${name}${input.path}${input.query === '' ? '' : `?${input.query}`}`;
  return { ...env, ...own };
}

/** Go's canonical form of a header name, with `-` as `_`. */
function canonicalName(name: string): string {
  return name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join('_');
}
