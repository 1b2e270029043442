/** An answer in IronFunctions' json format: `{"body": …, "status_code": 200, "headers": {…}}`, of which only the body is required. */
import type { FindEnd } from '../../drivers/wire.ts';
import { FIELD_NAME } from '../../manifest/patterns.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const BLANKS = [0x20, 0x09, 0x0a, 0x0d];

/** Framing is the platform's. */
const FRAMING = ['connection', 'content-length', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

const LOWEST_STATUS = 200;
const HIGHEST_STATUS = 599;

export interface JsonAnswer {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Bytes up to the end of the object, and of the line feed behind it. @throws Error for what is no object */
export function jsonAnswerEnd(): FindEnd {
  let at = 0;
  let depth = 0;
  let quoted = false;
  let end: number | undefined;
  return (printed) => {
    for (; end === undefined && at < printed.length; at++) {
      const byte = printed[at] ?? 0;
      if (quoted) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) quoted = false;
      } else if (byte === OPEN) depth++;
      else if (depth === 0 && !BLANKS.includes(byte)) throw new Error('what it printed is no JSON object');
      else if (byte === QUOTE) quoted = true;
      else if (byte === CLOSE && --depth === 0) end = at + 1;
    }
    return end === undefined ? undefined : behindBlanks(printed, end);
  };
}

function behindBlanks(printed: Uint8Array, from: number): number {
  let at = from;
  while (at < printed.length && BLANKS.includes(printed[at] ?? 0)) at++;
  return at;
}

/** The first object of what was printed; nothing when there is none. @throws Error for one that is no answer */
export function readJsonAnswer(printed: Uint8Array): JsonAnswer | undefined {
  const length = jsonAnswerEnd()(printed);
  if (length === undefined) return undefined;
  const { body, status_code: status = 200, headers = {} } = parse(Buffer.from(printed.subarray(0, length)).toString());
  if (body === undefined) throw new Error('its JSON answer has no body');
  if (!isStatus(status)) throw new Error('its JSON answer is not one: status_code is no number from 200 to 599');
  if (!isHeaders(headers)) throw new Error('its JSON answer is not one: headers are not an object of strings and lists of strings');
  return {
    status,
    fields: Object.entries(headers).flatMap(([name, value]) => fieldsOf(name, value)),
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

// By hand: every engine thread loads this, and a library of schemas would take as long as all the rest of the thread.
const isStatus = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= LOWEST_STATUS && Number(value) <= HIGHEST_STATUS;
const isText = (value: unknown): value is string => typeof value === 'string';
const isHeaders = (value: unknown): value is Readonly<Record<string, string | readonly string[]>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((one) => isText(one) || (Array.isArray(one) && one.every(isText)));

/**
 * JSON can hold line ends in names and values, often those of a client: none may begin a header line of its own. As Go's net/http, which
 * wrote IronFunctions' answers, has it: a name that is none is left out, and line ends in values are blanks.
 */
function fieldsOf(name: string, value: string | readonly string[]): (readonly [name: string, value: string])[] {
  if (!FIELD_NAME.test(name) || FRAMING.includes(name.toLowerCase())) return [];
  return [value].flat().map((one) => [name, one.replace(/[\r\n\0]/g, ' ').trim()] as const);
}

/** @returns an object: it begins and ends as one */
function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Error('what it printed is not valid JSON');
  }
}
