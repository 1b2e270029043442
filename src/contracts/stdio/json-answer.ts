/** An answer in IronFunctions' json format: `{"body": …, "status_code": 200, "headers": {…}}`, of which only the body is required. */
import * as z from 'zod';
import type { FindEnd } from '../../drivers/wire.ts';
import { FIELD_NAME } from '../../manifest/patterns.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const BLANKS = [0x20, 0x09, 0x0a, 0x0d];

/** Framing is the platform's. */
const FRAMING = ['connection', 'content-length', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

const shape = z.looseObject({
  body: z.unknown().optional(),
  status_code: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
});

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
  const { body, status_code = 200, headers = {} } = parse(Buffer.from(printed.subarray(0, length)).toString());
  return {
    status: status_code,
    fields: Object.entries(headers).flatMap(([name, value]) => fieldsOf(name, value)),
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/**
 * JSON can hold line ends in names and values, often those of a client: none may begin a header line of its own. As Go's net/http, which
 * wrote IronFunctions' answers, has it: a name that is none is left out, and line ends in values are blanks.
 */
function fieldsOf(name: string, value: string | readonly string[]): (readonly [name: string, value: string])[] {
  if (!FIELD_NAME.test(name) || FRAMING.includes(name.toLowerCase())) return [];
  return [value].flat().map((one) => [name, one.replace(/[\r\n\0]/g, ' ').trim()] as const);
}

function parse(text: string): z.infer<typeof shape> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('what it printed is not valid JSON');
  }
  const { data, error } = shape.safeParse(value);
  if (error) throw new Error(`its JSON answer is not one: ${error.issues[0]?.path.join('.')} ${error.issues[0]?.message}`);
  if (data.body === undefined) throw new Error('its JSON answer has no body');
  return data;
}
