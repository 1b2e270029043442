/** An HTTP/1.1 answer that a program printed (RFC 9112): where it ends, and its body. It is looked at anew with each piece, so bodies are skipped, not read. */
const CRLF = Buffer.from('\r\n');
const MAX_HEAD_BYTES = 64 * 1024;
const STATUS_LINE = /^HTTP\/1\.[01] \d{3}( |$)/;

export interface HttpAnswer {
  /** Bytes that it takes. */
  readonly length: number;
  readonly body: Uint8Array;
}

/** Nothing while it is not whole. `ended`: no more will be printed. @throws Error for what is no answer */
export function readHttpAnswer(printed: Uint8Array, { ended }: { readonly ended: boolean }): HttpAnswer | undefined {
  const bytes = Buffer.from(printed.buffer, printed.byteOffset, printed.length);
  const { start, lines, end } = readHead(bytes) ?? { start: 0, lines: undefined, end: 0 };
  if (lines === undefined) return undefined;
  const fields = lines.slice(1).map(fieldOf);
  const lengths = fields.filter(([name]) => name === 'content-length').map(([, value]) => value);
  const coding = fields.find(([name]) => name === 'transfer-encoding')?.[1];
  if (start > end) return undefined;
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked')
      throw new Error(`its answer has the transfer coding ${JSON.stringify(coding)}, which is not known`);
    return readChunks(bytes, end);
  }
  const [length] = lengths;
  if (length === undefined) {
    if (!ended) throw new Error('its answer has neither a Content-Length nor chunks');
    return { length: bytes.length, body: bytes.subarray(end) };
  }
  if (!/^\d{1,15}$/.test(length) || lengths.some((other) => other !== length))
    throw new Error('the Content-Length of its answer is no number');
  const behind = end + Number(length);
  return behind > bytes.length ? undefined : { length: behind, body: bytes.subarray(end, behind) };
}

/** Blank lines before the status line are passed over, as clients do. */
function readHead(bytes: Buffer): { readonly start: number; readonly lines: string[]; readonly end: number } | undefined {
  let start = 0;
  while (bytes[start] === 13 || bytes[start] === 10) start += 1;
  const lines: string[] = [];
  for (let at = start; ; ) {
    const feed = bytes.indexOf(10, at);
    const length = (feed < 0 ? bytes.length : feed) - start;
    if (length > MAX_HEAD_BYTES) throw new Error(`the head of its answer has more than ${MAX_HEAD_BYTES} bytes`);
    if (lines.length === 0 && !mayBegin(bytes, start)) throw new Error('what it printed is no HTTP answer');
    if (feed < 0) return undefined;
    const line = bytes.toString('latin1', at, bytes[feed - 1] === 13 ? feed - 1 : feed);
    at = feed + 1;
    if (line === '') return { start, lines, end: at };
    if (lines.push(line) === 1 && !STATUS_LINE.test(line)) throw new Error('what it printed is no HTTP answer');
  }
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

function readChunks(bytes: Buffer, from: number): HttpAnswer | undefined {
  const pieces: Buffer[] = [];
  for (let at = from; ; ) {
    const feed = bytes.indexOf(10, at);
    if (feed < 0) return undefined;
    const [, digits] = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?\r?$/.exec(bytes.toString('latin1', at, feed)) ?? [];
    if (digits === undefined) throw new Error('a chunk of its answer has no size');
    const size = Number.parseInt(digits, 16);
    at = feed + 1;
    if (size === 0) return behindTrailer(bytes, at, pieces);
    if (at + size + CRLF.length > bytes.length) return undefined;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
    if (bytes[at] === 13) at += 1;
    if (bytes[at] !== 10) throw new Error('a chunk of its answer is longer than it says');
    at += 1;
  }
}

function behindTrailer(bytes: Buffer, from: number, pieces: readonly Buffer[]): HttpAnswer | undefined {
  for (let at = from; ; ) {
    const feed = bytes.indexOf(10, at);
    if (feed < 0) return undefined;
    const empty = feed === at || (feed === at + 1 && bytes[at] === 13);
    at = feed + 1;
    if (empty) return { length: at, body: Buffer.concat(pieces) };
  }
}
