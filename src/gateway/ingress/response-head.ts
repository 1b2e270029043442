/** Answers of functions are not trusted: their header lines are checked before they reach the wire (RFC 9110, section 5). */
import { equalsIgnoringCase } from '../../model/bytes.ts';
import { CR, COLON, FIELD, latin1, LF, SP, TAB, TOKEN, trimmedEnd } from './bytes.ts';

/** Header lines as they are fit to send. */
export const CLEAN = 0;
/** They hold a Date, which is kept, and ours left out. */
export const HAS_DATE = 1;
/** They hold a Content-Length: the ingress sets its own, so it must be left out and must have been right. */
export const HAS_LENGTH = 2;
export const ILLEGAL = -1;

/** Framing and the connection are the ingress's business (RFC 9110, section 7.6.1; RFC 9112, section 6). */
const FORBIDDEN = ['te', 'upgrade', 'trailer', 'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding'];
const DATE = 'date';
const LENGTH = 'content-length';
/** Bit n is set when a name of n bytes needs a closer look. */
const SUSPECT = [...FORBIDDEN, DATE, LENGTH].reduce((mask, name) => mask | (1 << name.length), 0);

/** The latest that was clean: answers mostly have the head of the one before, and to compare is five times as fast as to read. */
const LATEST_BYTES = 256;
const latest = new Uint8Array(LATEST_BYTES);
let latestLength = 0;

/** `ILLEGAL`, or the sum of what was found. */
export function inspectHead(head: Uint8Array): number {
  if (isLatest(head)) return CLEAN;
  const found = inspect(head);
  if (found === CLEAN && head.length <= LATEST_BYTES) {
    latest.set(head);
    latestLength = head.length;
  }
  return found;
}

function isLatest(head: Uint8Array): boolean {
  const { length } = head;
  if (length !== latestLength) return false;
  for (let i = 0; i < length; i += 1) if (head[i] !== latest[i]) return false;
  return true;
}

function inspect(head: Uint8Array): number {
  const size = head.length;
  let found = CLEAN;
  let at = 0;
  while (at < size) {
    const start = at;
    while (at < size && TOKEN[head[at] ?? 0] === 1) at += 1;
    const length = at - start;
    if (length === 0 || at >= size || head[at] !== COLON) return ILLEGAL;
    if (length < 32 && ((SUSPECT >>> length) & 1) === 1) {
      if (equalsIgnoringCase(head, start, at, DATE)) found |= HAS_DATE;
      else if (equalsIgnoringCase(head, start, at, LENGTH)) found |= HAS_LENGTH;
      else if (FORBIDDEN.some((name) => equalsIgnoringCase(head, start, at, name))) return ILLEGAL;
    }
    at += 1;
    while (at < size && FIELD[head[at] ?? 0] === 1) at += 1;
    if (at + 1 >= size || head[at] !== CR || head[at + 1] !== LF) return ILLEGAL;
    at += 2;
  }
  return found;
}

export interface WithoutLength {
  readonly head: Uint8Array;
  /** The values of Content-Length that stood there. */
  readonly lengths: readonly string[];
}

/** Takes Content-Length out of header lines that `inspectHead` has passed. */
export function withoutLength(head: Uint8Array): WithoutLength {
  const kept: Uint8Array[] = [];
  const lengths: string[] = [];
  for (const line of lines(head)) {
    if (equalsIgnoringCase(head, line.start, line.nameEnd, LENGTH)) lengths.push(line.value);
    else kept.push(head.subarray(line.start, line.end));
  }
  return { head: Buffer.concat(kept), lengths };
}

/** For the error message: what is wrong with header lines that `inspectHead` refused. */
export function explainHead(head: Uint8Array): string {
  for (const line of lines(head)) {
    const name = latin1(head, line.start, line.nameEnd);
    if (line.nameEnd === line.start || head[line.nameEnd] !== COLON)
      return `a line is not "Name: value" CR LF: ${quoted(latin1(head, line.start, line.end))}`;
    if (FORBIDDEN.includes(name.toLowerCase())) return `"${name}" is the platform's to set`;
    if (!line.whole) return `header ${quoted(name)} does not end with CR LF, or holds a control character`;
  }
  return 'the header lines are malformed';
}

interface Line {
  readonly start: number;
  readonly nameEnd: number;
  readonly value: string;
  readonly end: number;
  readonly whole: boolean;
}

function* lines(head: Uint8Array): Generator<Line> {
  let at = 0;
  while (at < head.length) {
    const start = at;
    while (at < head.length && TOKEN[head[at] ?? 0] === 1) at += 1;
    const nameEnd = at;
    const valueStart = Math.min(head.length, nameEnd + 1);
    at = valueStart;
    while (at < head.length && FIELD[head[at] ?? 0] === 1) at += 1;
    const whole = head[at] === CR && head[at + 1] === LF;
    let from = valueStart;
    while (from < at && (head[from] === SP || head[from] === TAB)) from += 1;
    const value = latin1(head, from, trimmedEnd(head, from, at));
    at = Math.min(head.length, at + 2);
    yield { start, nameEnd, value, end: at, whole };
  }
}

const SHOWN_CHARACTERS = 60;
const quoted = (text: string): string => JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
