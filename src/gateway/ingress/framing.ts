/** Writes answers as HTTP/1.1 bytes. Bounds are upper: the caller makes room, these fill it. */
import { DATED, SIZED, type StatusLines } from './status-lines.ts';

const CLOSE = Buffer.from('Connection: close\r\n');
const KEEP_ALIVE = Buffer.from('Connection: keep-alive\r\n');
const WEB_SOCKET = Buffer.from('Connection: Upgrade\r\nUpgrade: websocket\r\n');
const CHUNKED = Buffer.from('Transfer-Encoding: chunked\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** Status line, Date, framing and Connection headers, blank line: at most so many bytes. */
const FRAME_BYTES = 256;
const CHUNK_FRAME_BYTES = 16;

export interface Framing {
  /** The head has a Date of its own. */
  readonly ownDate: boolean;
  /** What to say in Connection, when anything. */
  readonly connection: 'close' | 'keep-alive' | 'websocket' | null;
}

export interface WholeAnswer extends Framing {
  readonly status: number;
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  /** HEAD and 304: the length is told, the body not sent. */
  readonly omitBody: boolean;
}

export function answerBound(head: Uint8Array, body: Uint8Array): number {
  return FRAME_BYTES + head.length + body.length;
}

/** 204 has neither body nor length (RFC 9110, section 8.6). */
const NO_CONTENT = 204;

export function writeAnswer(out: Buffer, from: number, lines: StatusLines, answer: WholeAnswer): number {
  const { status, head, body } = answer;
  const sized = status === NO_CONTENT ? 0 : SIZED;
  let at = put(out, from, lines.get(status, (answer.ownDate ? 0 : DATED) | sized));
  if (sized !== 0) {
    at = putNumber(out, at, body.length, 10);
    at = putLineEnd(out, at);
  }
  at = endHead(out, put(out, at, head), answer.connection);
  return sized === 0 || answer.omitBody ? at : put(out, at, body);
}

export interface StreamHead extends Framing {
  readonly status: number;
  readonly head: Uint8Array;
  readonly chunked: boolean;
}

export function streamHead(lines: StatusLines, stream: StreamHead): Buffer {
  const out = Buffer.allocUnsafeSlow(FRAME_BYTES + stream.head.length);
  let at = put(out, 0, lines.get(stream.status, stream.ownDate ? 0 : DATED));
  if (stream.chunked) at = put(out, at, CHUNKED);
  return out.subarray(0, endHead(out, put(out, at, stream.head), stream.connection));
}

export function chunkOf(piece: Uint8Array): Buffer {
  const out = Buffer.allocUnsafeSlow(CHUNK_FRAME_BYTES + piece.length);
  let at = putLineEnd(out, putNumber(out, 0, piece.length, 16));
  at = putLineEnd(out, put(out, at, piece));
  return out.subarray(0, at);
}

export function lastChunk(): Buffer {
  return LAST_CHUNK;
}

function endHead(out: Buffer, from: number, connection: Framing['connection']): number {
  let at = from;
  if (connection === 'close') at = put(out, at, CLOSE);
  else if (connection === 'keep-alive') at = put(out, at, KEEP_ALIVE);
  else if (connection === 'websocket') at = put(out, at, WEB_SOCKET);
  return putLineEnd(out, at);
}

function put(out: Buffer, at: number, bytes: Uint8Array): number {
  if (bytes.length > 0) out.set(bytes, at);
  return at + bytes.length;
}

function putLineEnd(out: Buffer, at: number): number {
  out[at] = 0x0d;
  out[at + 1] = 0x0a;
  return at + 2;
}

const DIGITS = Buffer.from('0123456789abcdef');

function putNumber(out: Buffer, from: number, value: number, base: number): number {
  let digits = 1;
  for (let rest = Math.floor(value / base); rest > 0; rest = Math.floor(rest / base)) digits += 1;
  let rest = value;
  for (let at = from + digits - 1; at >= from; at -= 1) {
    out[at] = DIGITS[rest % base] ?? 0;
    rest = Math.floor(rest / base);
  }
  return from + digits;
}
