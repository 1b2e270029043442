/** OpenFaaS: the classic watchdog, and the two modes of its of-watchdog that run a program for each request. */
import type { ProgramCall } from '../../drivers/wire.ts';
import { Failure, type Input } from '../../engine/contract.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { callHeaders, withForwarding } from '../call-headers.ts';
import { headerIn, headersOf } from '../head.ts';
import { durationLine } from '../of-watchdog.ts';
import { failureWithout, textBytes } from './answers.ts';
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
  env: (spec, input, call) =>
    optionsOf(spec).cgiHeaders ? variables(spec, cgiVariables(input, passedOn(input, call)), lengthVariables(input)) : variables(spec),
  stdin: (spec, input, call) => (optionsOf(spec).marshalRequest ? marshalled(input, call) : input.body),
  answer(spec, input, end) {
    const failure = failureOf(end);
    if (failure !== undefined)
      return new Failure(failure, {
        status: 500,
        head: textBytes(`${PLAIN}${callLines(input, end)}`),
        body: Buffer.concat([textBytes(`${failure}\n`), end.stdout]),
      });
    const type = spec.contentType ?? headerIn(input.head, 'content-type') ?? 'text/plain';
    return { status: 200, head: textBytes(`Content-Type: ${type}\r\n${callLines(input, end)}${durationLine(end.ms)}`), body: end.stdout };
  },
};

export const serializing: Mode = {
  env: forked,
  stdin: (_spec, input) => input.body,
  answer(spec, input, end) {
    const failure = failureOf(end);
    const head = textBytes(`${typeOf(spec)}${callLines(input, end)}${durationLine(end.ms)}`);
    if (failure === undefined) return { status: 200, head, body: end.stdout };
    return failureWithout(failure, end, { status: 500, head, body: textBytes(failure) });
  },
};

export const streaming: Mode = {
  env: forked,
  stdin: (_spec, input) => input.body,
  streamHead: streamingHead,
  // For calls, whose answer is one, and for programs that printed nothing.
  answer: (spec, input, end) => ({ status: 200, head: streamingHead(spec, input, end), body: end.stdout }),
};

function streamingHead(spec: FunctionSettings, input: Input, call: ProgramCall): Uint8Array {
  return textBytes(`${typeOf(spec)}${callLines(input, call)}`);
}

function forked(spec: FunctionSettings, input: Input, call: ProgramCall): Readonly<Record<string, string>> {
  return optionsOf(spec).cgiHeaders ? variables(spec, cgiVariables(input, passedOn(input, call))) : variables(spec);
}

function typeOf({ contentType = DEFAULT_TYPE }: FunctionSettings): string {
  return `Content-Type: ${contentType}\r\n`;
}

/** The client's headers, and those that the gateway adds. */
function passedOn({ head, client }: Input, call: ProgramCall): (readonly [string, string])[] {
  if (head.length === 0) return [];
  const { headers, hasId } = withForwarding(headersOf(head), client);
  return [...headers, ...callHeaders(call, hasId)];
}

/** What the gateway adds to an answer. */
function callLines(input: Input, call: ProgramCall): string {
  if (input.head.length === 0) return '';
  return callHeaders(call, headerIn(input.head, 'x-call-id') !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

/** `{"header": {name: [values]}, "body": {"raw": base64}}`: bytes are base64 in Go's JSON. */
function marshalled(input: Input, call: ProgramCall): Uint8Array {
  const header: Record<string, string[]> = {};
  for (const [name, value] of passedOn(input, call)) (header[canonicalName(name)] ??= []).push(value);
  return textBytes(JSON.stringify({ header, body: { raw: Buffer.from(input.body).toString('base64') } }));
}
