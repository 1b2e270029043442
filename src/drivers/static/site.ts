/**
 * Answers GET and HEAD with files (RFC 9110). A path names a file or nothing: files are looked up by their whole path among those that were
 * packed, so that none leads out of them.
 */
import { createHash } from 'node:crypto';
import { type Answer, Failure, type Input } from '../../engine/contract.ts';
import { type AnswerStream, STREAMED } from '../../engine/driver.ts';
import { contentTypeOf } from './content-types.ts';
import { type ByteRange, parseRange } from './range.ts';

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);
const INDEX = 'index.html';
const PIECE_BYTES = 256 * 1024;
const ALLOWED = 'Allow: GET, HEAD\r\n';
const NOT_MODIFIED = 304;
const PLAIN = 'Content-Type: text/plain; charset=utf-8\r\n';

interface StaticFile {
  readonly bytes: Uint8Array;
  readonly type: string;
  /** Made when it is first asked for. */
  etag: string | undefined;
}

export type Site = (input: Input, stream: AnswerStream | undefined) => Promise<Answer | Failure | typeof STREAMED>;

/** @param wholeBytes larger bodies go out in pieces */
export function createSite(packed: Readonly<Record<string, Uint8Array>>, root: string, wholeBytes: number): Site {
  const files = new Map<string, StaticFile>();
  const folders = new Set<string>();
  for (const [path, bytes] of Object.entries(packed)) {
    if (!path.startsWith(`${root}/`)) continue;
    const inside = path.slice(root.length);
    files.set(inside, { bytes, type: contentTypeOf(inside), etag: undefined });
    for (let at = inside.lastIndexOf('/'); at > 0; at = inside.lastIndexOf('/', at - 1)) folders.add(inside.slice(0, at));
  }
  return async (input, stream) => {
    const answer = find(files, folders, input);
    const large = answer.body.length > wholeBytes;
    if (answer.status === NOT_MODIFIED || (large && input.method === 'HEAD')) return sendHead(answer, stream);
    return large ? sendInPieces(answer, stream) : answer;
  };
}

function find(files: ReadonlyMap<string, StaticFile>, folders: ReadonlySet<string>, input: Input): Answer {
  if (input.method !== 'GET' && input.method !== 'HEAD') return answerOf(405, `${ALLOWED}${PLAIN}`, 'only GET and HEAD are known here\n');
  const path = decoded(input.path);
  if (path === undefined) return answerOf(400, PLAIN, 'the path is not valid\n');
  const file = files.get(path === '' || path.endsWith('/') ? `${path === '' ? '/' : path}${INDEX}` : path);
  if (file) return answerWith(file, input);
  // Links in an index are relative to its folder: the address must end in a slash.
  if (folders.has(path) && files.has(`${path}/${INDEX}`)) return answerOf(301, `Location: ${lastPart(input.path)}/\r\n${PLAIN}`, '');
  return answerOf(404, PLAIN, 'there is no such file\n');
}

function answerWith(file: StaticFile, input: Input): Answer {
  const { bytes, type } = file;
  const etag = (file.etag ??= `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`);
  const fields = fieldsOf(input.head);
  const validators = `ETag: ${etag}\r\nAccept-Ranges: bytes\r\n`;
  if (matches(fields.get('if-none-match'), etag)) return answerOf(304, validators, '');
  const conditional = fields.get('if-range');
  const range = input.method === 'GET' && (conditional === undefined || conditional === etag) ? fields.get('range') : undefined;
  const part: ByteRange | 'unsatisfiable' | undefined = range === undefined ? undefined : parseRange(range, bytes.length);
  if (part === 'unsatisfiable')
    return answerOf(416, `Content-Range: bytes */${bytes.length}\r\n${validators}${PLAIN}`, 'there is no such range\n');
  const head = `Content-Type: ${type}\r\n${validators}`;
  if (part === undefined) return { status: 200, head: encoder.encode(head), body: bytes };
  const { from, to } = part;
  return {
    status: 206,
    head: encoder.encode(`${head}Content-Range: bytes ${from}-${to - 1}/${bytes.length}\r\n`),
    body: bytes.subarray(from, to),
  };
}

/**
 * The connection tells the length of a whole answer's body. That of a 304 would be none, which is not the file's (RFC 9110, section 8.6),
 * and a large file's is not told with GET either.
 */
function sendHead({ status, head }: Answer, stream: AnswerStream | undefined): Answer | typeof STREAMED {
  if (!stream) return { status, head, body: NOTHING };
  stream.begin(status, head);
  return STREAMED;
}

async function sendInPieces({ status, head, body }: Answer, stream: AnswerStream | undefined): Promise<Failure | typeof STREAMED> {
  if (!stream) return new Failure('the file is larger than limits.response');
  stream.begin(status, head);
  for (let at = 0; at < body.length && !stream.closed; at += PIECE_BYTES)
    if (!stream.write(body.subarray(at, at + PIECE_BYTES))) await stream.drained();
  return STREAMED;
}

/** Percent-decoded, once; nothing when that is no text, or one that no file can be named. */
function decoded(path: string): string | undefined {
  try {
    const text = decodeURIComponent(path);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** If-None-Match compares weakly (RFC 9110, section 13.1.2). */
function matches(wanted: string | undefined, etag: string): boolean {
  if (wanted === undefined) return false;
  if (wanted.trim() === '*') return true;
  return wanted.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}

function fieldsOf(head: Uint8Array): Map<string, string> {
  const [, ...lines] = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1').split('\r\n');
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const] : [];
    }),
  );
}

function answerOf(status: number, head: string, body: string): Answer {
  return { status, head: encoder.encode(head), body: body === '' ? NOTHING : encoder.encode(body) };
}
