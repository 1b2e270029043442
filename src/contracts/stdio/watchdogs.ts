/** OpenFaaS: the classic watchdog, and the two modes of its of-watchdog that run a program for each request. */
import { Failure } from '../../engine/contract.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { headersOf } from '../head.ts';
import { durationLine } from '../of-watchdog.ts';
import { failureWithout, fieldOf, textBytes } from './answers.ts';
import { canonicalName, cgiVariables, lengthVariables, variables } from './environment.ts';
import { failureOf } from './exit.ts';
import { type Mode, optionsOf } from './mode.ts';

const NOTHING = new Uint8Array(0);
const VERBS = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'];
const NOT_ALLOWED = { status: 405, head: textBytes(`Allow: ${VERBS.join(', ')}\r\n`), body: NOTHING };
/** Of an error, whatever the type of the answer would have been. */
const PLAIN = 'Content-Type: text/plain; charset=utf-8\r\n';
const DEFAULT_TYPE = 'application/octet-stream';

export const classic: Mode = {
  admit: ({ method }) => (VERBS.includes(method) ? undefined : NOT_ALLOWED),
  env: (spec, input) => (optionsOf(spec).cgiHeaders ? variables(spec, cgiVariables(input), lengthVariables(input)) : variables(spec)),
  stdin: (spec, input) => (optionsOf(spec).marshalRequest ? marshalled(input) : input.body),
  answer(spec, input, end) {
    const failure = failureOf(end);
    if (failure !== undefined)
      return new Failure(failure, { status: 500, head: textBytes(PLAIN), body: Buffer.concat([textBytes(`${failure}\n`), end.stdout]) });
    const type = spec.contentType ?? fieldOf(input, 'content-type') ?? 'text/plain';
    return { status: 200, head: textBytes(`Content-Type: ${type}\r\n${durationLine(end.ms)}`), body: end.stdout };
  },
};

export const serializing: Mode = {
  env: forked,
  stdin: (_spec, input) => input.body,
  answer(spec, _input, end) {
    const failure = failureOf(end);
    const head = textBytes(`${typeOf(spec)}${durationLine(end.ms)}`);
    if (failure === undefined) return { status: 200, head, body: end.stdout };
    return failureWithout(failure, end, { status: 500, head, body: textBytes(failure) });
  },
};

export const streaming: Mode = {
  env: forked,
  stdin: (_spec, input) => input.body,
  streamHead: (spec) => textBytes(typeOf(spec)),
  // For calls, whose answer is one, and for programs that printed nothing.
  answer: (spec, _input, end) => ({ status: 200, head: textBytes(typeOf(spec)), body: end.stdout }),
};

function forked(spec: FunctionSettings, input: Parameters<Mode['env']>[1]): Readonly<Record<string, string>> {
  return optionsOf(spec).cgiHeaders ? variables(spec, cgiVariables(input)) : variables(spec);
}

function typeOf({ contentType = DEFAULT_TYPE }: FunctionSettings): string {
  return `Content-Type: ${contentType}\r\n`;
}

/** `{"header": {name: [values]}, "body": {"raw": base64}}`: bytes are base64 in Go's JSON. */
function marshalled({ head, body }: Parameters<Mode['stdin']>[1]): Uint8Array {
  const header: Record<string, string[]> = {};
  for (const [name, value] of headersOf(head)) (header[canonicalName(name)] ??= []).push(value);
  return textBytes(JSON.stringify({ header, body: { raw: Buffer.from(body).toString('base64') } }));
}
