/** An HTTP/1.1 answer that a program printed (RFC 9112): where it ends, and its body. Bodies are skipped, not read, until it is whole. */
import type { FindEnd } from '../../drivers/wire.ts';

const CRLF = Buffer.from('\r\n');
const LINE_FEED = 10;
const MAX_HEAD_BYTES = 64 * 1024;
/** Size and extensions of a chunk. */
const MAX_CHUNK_LINE_BYTES = 4096;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})( |$)/;
/** They come before an answer, and say nothing of it; behind 101 comes no HTTP. */
const INTERIM = /^1(?!01)/;
/** Whatever their fields say (RFC 9112, section 6.3). */
const BODILESS = ['204', '304'];

export interface HttpAnswer {
  /** Bytes that it takes. */
  readonly length: number;
  readonly body: Uint8Array;
}

/** Of one answer that comes piece by piece. @throws Error for what is no answer */
export function httpAnswerEnd(): FindEnd {
  let framing: Framing | undefined;
  /** The next chunk begins here. */
  let at = 0;
  return (printed) => {
    const bytes = bufferOf(printed);
    if (!framing) {
      framing = readFraming(bytes);
      at = framing?.from ?? 0;
    }
    if (!framing) return undefined;
    if (framing.kind === 'close') throw new Error('its answer has neither a Content-Length nor chunks');
    if (framing.kind === 'length') return framing.end > bytes.length ? undefined : framing.end;
    for (;;) {
      const chunk = readChunk(bytes, at);
      if (!chunk) return undefined;
      if (chunk.size === 0) return behindTrailer(bytes, chunk.from);
      at = chunk.next;
    }
  };
}

/** The answer of a program that prints no more; nothing when it is not whole. @throws Error for what is no answer */
export function readHttpAnswer(printed: Uint8Array): HttpAnswer | undefined {
  const bytes = bufferOf(printed);
  const framing = readFraming(bytes);
  if (!framing) return undefined;
  const { kind, from } = framing;
  if (kind === 'close') return { length: bytes.length, body: bytes.subarray(from) };
  if (kind === 'length') return framing.end > bytes.length ? undefined : { length: framing.end, body: bytes.subarray(from, framing.end) };
  const pieces: Buffer[] = [];
  for (let at = from; ; ) {
    const chunk = readChunk(bytes, at);
    if (!chunk) return undefined;
    if (chunk.size === 0) {
      const length = behindTrailer(bytes, chunk.from);
      return length === undefined ? undefined : { length, body: Buffer.concat(pieces) };
    }
    pieces.push(bytes.subarray(chunk.from, chunk.from + chunk.size));
    at = chunk.next;
  }
}

/** Where the body begins, and how its end is told. */
type Framing =
  | { readonly kind: 'length'; readonly from: number; readonly end: number }
  | { readonly kind: 'chunked' | 'close'; readonly from: number };

function readFraming(bytes: Buffer): Framing | undefined {
  const head = readLastHead(bytes);
  if (!head) return undefined;
  if (BODILESS.includes(head.status)) return { kind: 'length', from: head.end, end: head.end };
  const fields = head.lines.slice(1).map(fieldOf);
  const lengths = fields.filter(([name]) => name === 'content-length').map(([, value]) => value);
  const coding = fields.find(([name]) => name === 'transfer-encoding')?.[1];
  const from = head.end;
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked')
      throw new Error(`its answer has the transfer coding ${JSON.stringify(coding)}, which is not known`);
    return { kind: 'chunked', from };
  }
  const [length] = lengths;
  if (length === undefined) return { kind: 'close', from };
  if (!/^\d{1,15}$/.test(length) || lengths.some((other) => other !== length))
    throw new Error('the Content-Length of its answer is no number');
  return { kind: 'length', from, end: from + Number(length) };
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

interface Head {
  readonly status: string;
  readonly lines: readonly string[];
  readonly end: number;
}

function readLastHead(bytes: Buffer): Head | undefined {
  let head = readHead(bytes, 0);
  while (head && INTERIM.test(head.status)) head = readHead(bytes, head.end);
  return head;
}

/** Blank lines before the status line are passed over, as clients do. All heads together may be as long as one. */
function readHead(bytes: Buffer, from: number): Head | undefined {
  let start = from;
  while (bytes[start] === 13 || bytes[start] === 10) start += 1;
  const lines: string[] = [];
  let status = '';
  for (let at = start; ; ) {
    const feed = bytes.indexOf(10, at);
    if ((feed < 0 ? bytes.length : feed) > MAX_HEAD_BYTES) throw new Error(`the head of its answer has more than ${MAX_HEAD_BYTES} bytes`);
    if (lines.length === 0 && !mayBegin(bytes, start)) throw new Error('what it printed is no HTTP answer');
    if (feed < 0) return undefined;
    const line = bytes.toString('latin1', at, bytes[feed - 1] === 13 ? feed - 1 : feed);
    at = feed + 1;
    if (line === '') return { status, lines, end: at };
    if (lines.push(line) === 1) status = statusOf(line);
  }
}

function statusOf(line: string): string {
  const [, status] = STATUS_LINE.exec(line) ?? [];
  if (status === undefined) throw new Error('what it printed is no HTTP answer');
  return status;
}

/** Whether it can still become a status line. */
function mayBegin(bytes: Buffer, start: number): boolean {
  const begun = bytes.toString('latin1', start, start + 7);
  return 'HTTP/1.'.startsWith(begun);
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon <= 0) throw new Error('a header line of its answer has no name');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** The chunk that begins there; nothing while it is not whole. The last has size 0, and its trailer begins at `from`. */
function readChunk(bytes: Buffer, at: number): { readonly size: number; readonly from: number; readonly next: number } | undefined {
  const feed = bytes.indexOf(LINE_FEED, at);
  const end = feed < 0 ? bytes.length : feed;
  if (end - at > MAX_CHUNK_LINE_BYTES) throw new Error('a chunk of its answer has no size');
  if (feed < 0) return undefined;
  const [, digits] = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?\r?$/.exec(bytes.toString('latin1', at, feed)) ?? [];
  if (digits === undefined) throw new Error('a chunk of its answer has no size');
  const size = Number.parseInt(digits, 16);
  const from = feed + 1;
  if (size === 0) return { size, from, next: from };
  let next = from + size;
  if (next + CRLF.length > bytes.length) return undefined;
  if (bytes[next] === 13) next += 1;
  if (bytes[next] !== LINE_FEED) throw new Error('a chunk of its answer is longer than it says');
  return { size, from, next: next + 1 };
}

function behindTrailer(bytes: Buffer, from: number): number | undefined {
  for (let at = from; ; ) {
    const feed = bytes.indexOf(LINE_FEED, at);
    if (feed < 0) return undefined;
    const empty = feed === at || (feed === at + 1 && bytes[at] === 13);
    at = feed + 1;
    if (empty) return at;
  }
}
