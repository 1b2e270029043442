/**
 * IronFunctions' hot formats: a program that reads request after request from its standard input and prints an answer to each. In a
 * context it gets one and then the end of its input. What counts is its answer: how it exits behind a whole one does not.
 */
import type { ProgramEnd } from '../../drivers/wire.ts';
import type { Input, Outcome } from '../../engine/contract.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { headersOf } from '../head.ts';
import { textBytes } from './answers.ts';
import { canonicalName, requestUrl } from './environment.ts';
import { httpAnswerEnd, readHttpAnswer } from './http-answer.ts';
import { ironEnvironment, ironError, ironFailure, routeHead } from './iron.ts';
import { jsonAnswerEnd, readJsonAnswer } from './json-answer.ts';
import type { Mode } from './mode.ts';

/** Status and header fields of the answer do not count, as in IronFunctions: only the body does. */
export const ironHttp: Mode = {
  env: (spec, input) => ({ ...ironEnvironment(spec, input), FN_FORMAT: 'http' }),
  stdin(spec, input, { id }) {
    const fields = Object.entries({ ...ironEnvironment(spec, input), FN_FORMAT: 'http' });
    const lines = fields.map(([name, value]) => `${canonicalName(name)}: ${value.replace(/[\r\n\0]/g, ' ')}\r\n`);
    const head = `GET / HTTP/1.1\r\n${lines.join('')}Content-Length: ${input.body.length}\r\nTask-Id: ${id}\r\n\r\n`;
    return Buffer.concat([textBytes(head), input.body]);
  },
  hot: {
    env: ({ env }) => ({ ...env, FN_FORMAT: 'http' }),
    answerEnd: httpAnswerEnd,
  },
  answer: (spec, _input, end) =>
    answerOf(end, () => {
      const answer = readHttpAnswer(end.stdout);
      return answer && { status: 200, head: textBytes(routeHead(spec)), body: answer.body };
    }),
};

/** As IronFunctions' documents describe it; its code never had it. Status and header fields are the function's. */
export const ironJson: Mode = {
  env: (spec, input) => ({ ...ironEnvironment(spec, input), FN_FORMAT: 'json' }),
  stdin(spec, input) {
    return textBytes(`${JSON.stringify(describe(spec, input))}\n`);
  },
  hot: { env: ({ env }) => ({ ...env, FN_FORMAT: 'json' }), answerEnd: jsonAnswerEnd },
  answer: (spec, _input, end) =>
    answerOf(end, () => {
      const answer = readJsonAnswer(end.stdout);
      return answer && { status: answer.status, head: textBytes(routeHead(spec, answer.fields)), body: textBytes(answer.body) };
    }),
};

function describe(spec: FunctionSettings, input: Input): object {
  const headers: Record<string, string> = {};
  for (const [name, value] of headersOf(input.head)) {
    const canonical = canonicalName(name);
    headers[canonical] = canonical in headers ? `${headers[canonical]} ${value}` : value;
  }
  return { body: Buffer.from(input.body).toString(), request_url: requestUrl(spec, input), headers, config: spec.env };
}

/** A whole answer; else why there is none. A program that ends without one is told at once, where IronFunctions waits for its timeout. */
function answerOf(end: ProgramEnd, read: () => Outcome | undefined): Outcome {
  try {
    return read() ?? ironFailure(end) ?? ironError('the program ended without an answer', end);
  } catch (cause) {
    return ironFailure(end) ?? ironError(cause instanceof Error ? cause.message : String(cause), end);
  }
}
