/**
 * Weft's own way: the body is standard input, standard output is the answer, standard error the log. The request is in the
 * environment under the names that OpenFaaS's classic watchdog and IronFunctions give it. A crash is told as one.
 */
import { Failure } from '../../engine/contract.ts';
import { WeftError } from '../../model/errors.ts';
import { textBytes, typeLine } from './answers.ts';
import { cgiVariables, ironVariables, lengthVariables, pathOf, variables } from './environment.ts';
import { failureOf, lastOf } from './exit.ts';
import { type Mode, optionsOf } from './mode.ts';

export const plain: Mode = {
  env(spec, input) {
    if (!optionsOf(spec).cgiHeaders) return variables(spec);
    const cgi = cgiVariables(input);
    const common = { CONTENT_LENGTH: String(input.body.length) };
    const type = cgi['Http_Content_Type'];
    const typed = type === undefined ? common : { ...common, CONTENT_TYPE: type };
    return variables(spec, cgi, lengthVariables(input), typed, ironVariables(spec, input, pathOf(input)));
  },
  stdin: (_spec, input) => input.body,
  answer(spec, input, end) {
    const head = typeLine(spec, input);
    const failure = failureOf(end);
    if (failure === undefined) return { status: 200, head, body: end.stdout };
    if (end.signal !== undefined) {
      const said = end.stderr.length === 0 ? '' : `; it said last: ${lastOf(end.stderr)}`;
      throw new WeftError('WEFT_FUNCTION_CRASHED', { name: spec.name, reason: `${failure}${said}` });
    }
    return new Failure(failure, { status: 500, head, body: Buffer.concat([textBytes(`${failure}\n`), end.stdout]) });
  },
};
