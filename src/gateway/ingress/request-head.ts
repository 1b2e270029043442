/** What a complete head means, beyond what llhttp has checked: the rules of RFC 9112 that stop request smuggling. */
import { equalsIgnoringCase } from '../../model/bytes.ts';
import { WeftError } from '../../model/errors.ts';
import { AUTHORITY, CR, latin1, LF, SP, trimmedEnd } from './bytes.ts';
import type { IngressLimits } from './limits.ts';
import type { RequestParser } from './parser.ts';
import { readTarget, type Target } from './target.ts';

/** All that follows from the bytes of a head alone. Offsets count from the end of the message before. */
export interface RequestHead {
  /** Where the request line begins: a blank line may stand before it. */
  readonly start: number;
  /** After the blank line that ends the head. */
  readonly end: number;
  readonly method: string;
  /** Without effects (RFC 9110, section 9.2.1), on the connection neither. */
  readonly safe: boolean;
  readonly http10: boolean;
  readonly keepAlive: boolean;
  /** Bytes of the body, or CHUNKED. */
  readonly bodyLength: number;
  readonly expectsContinue: boolean;
  /** It offers to go on with WebSocket's frames (RFC 6455, section 4.1). What comes behind it is understood when that is decided. */
  readonly asksForWebSocket: boolean;
  readonly target: Exclude<Target, { kind: 'bad' }>;
}

export const CHUNKED = -1;

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const METHODS_REFUSED = new Set(['CONNECT', 'SOURCE', '']);
const VERSION_BEGIN = Buffer.from(' HTTP/1.');
const ONE = 0x31;
const ZERO = 0x30;
const NINE = 0x39;

/** Judges the head that `parser` has just completed; `boundary` is where the message before it ended. */
export function readHead(parser: RequestParser, bytes: Uint8Array, boundary: number, limits: IngressLimits): RequestHead | WeftError {
  const { method, urlStart, urlEnd, keepAlive } = parser;
  const start = urlStart - 1 - method.length;
  const minor = minorVersion(bytes, urlEnd);
  if (urlEnd - start > limits.requestLineBytes) return new WeftError('WEFT_TARGET_TOO_LONG', { bytes: limits.requestLineBytes });
  if (!isBoundary(bytes, boundary, start) || minor === MALFORMED)
    return bad('the request line is not "METHOD SP target SP HTTP/1.1 CR LF"');
  if (minor !== ONE && minor !== ZERO) return new WeftError('WEFT_HTTP_VERSION');
  if (METHODS_REFUSED.has(method)) return new WeftError('WEFT_NOT_IMPLEMENTED', { reason: `the method ${method}` });
  const http10 = minor === ZERO;
  const error = judgeHost(parser, bytes, http10) ?? judgeCoding(parser, bytes, http10) ?? judgeExpect(parser, bytes, http10);
  if (error) return error;
  const target = readTarget(bytes, urlStart, urlEnd);
  if (target.kind === 'bad') return bad(target.reason);
  if (target.kind === 'server' && method !== 'OPTIONS') return bad('a target without a path is for OPTIONS only');
  const bodyLength = parser.codings > 0 ? CHUNKED : contentLength(parser, bytes);
  const expectsContinue = parser.expectStart > 0 && !http10 && bodyLength !== 0;
  const asksForWebSocket = !http10 && keepAlive && method === 'GET' && bodyLength === 0 && offersWebSocket(parser, bytes);
  return {
    start: start - boundary,
    end: parser.end - boundary,
    method,
    safe: SAFE_METHODS.has(method) && !asksForWebSocket,
    http10,
    keepAlive,
    bodyLength,
    expectsContinue,
    asksForWebSocket,
    target,
  };
}

const MALFORMED = -1;
const OTHER = -2;

/** The digit after "HTTP/1.", or what else stands after the target. One blank exactly; llhttp would take several. */
function minorVersion(bytes: Uint8Array, urlEnd: number): number {
  if (bytes[urlEnd] !== SP || bytes[urlEnd + 1] === SP) return MALFORMED;
  for (let i = 0; i < VERSION_BEGIN.length; i += 1) if (bytes[urlEnd + i] !== VERSION_BEGIN[i]) return OTHER;
  const at = urlEnd + VERSION_BEGIN.length;
  return bytes[at + 1] === CR && bytes[at + 2] === LF ? (bytes[at] ?? OTHER) : MALFORMED;
}

/** At most one blank line before the request line (RFC 9112, section 2.2), and the method directly before its blank. */
function isBoundary(bytes: Uint8Array, boundary: number, start: number): boolean {
  if (start === boundary) return true;
  return start === boundary + 2 && bytes[boundary] === CR && bytes[boundary + 1] === LF;
}

function judgeHost(parser: RequestParser, bytes: Uint8Array, http10: boolean): WeftError | undefined {
  if (parser.hosts > 1) return bad('more than one Host header');
  if (parser.hosts === 0) return http10 ? undefined : bad('no Host header');
  const end = trimmedEnd(bytes, parser.hostStart, parser.hostEnd);
  for (let at = parser.hostStart; at < end; at += 1) if (AUTHORITY[bytes[at] ?? 0] !== 1) return bad('the Host header is not a host');
  return undefined;
}

/** llhttp has refused Content-Length beside Transfer-Encoding; what is neither "chunked" nor absent cannot be read here. */
function judgeCoding(parser: RequestParser, bytes: Uint8Array, http10: boolean): WeftError | undefined {
  if (parser.codings === 0) return undefined;
  if (http10) return bad('Transfer-Encoding in HTTP/1.0');
  const end = trimmedEnd(bytes, parser.codingStart, parser.codingEnd);
  if (parser.codings === 1 && equalsIgnoringCase(bytes, parser.codingStart, end, 'chunked')) return undefined;
  return new WeftError('WEFT_NOT_IMPLEMENTED', { reason: `the transfer coding "${latin1(bytes, parser.codingStart, end)}"` });
}

/** HTTP/1.0 knows no expectations and none are answered there (RFC 9110, section 10.1.1). */
function judgeExpect(parser: RequestParser, bytes: Uint8Array, http10: boolean): WeftError | undefined {
  if (parser.expectStart === 0 || http10) return undefined;
  const end = trimmedEnd(bytes, parser.expectStart, parser.expectEnd);
  if (equalsIgnoringCase(bytes, parser.expectStart, end, '100-continue')) return undefined;
  return new WeftError('WEFT_EXPECTATION', { value: latin1(bytes, parser.expectStart, end) });
}

/** Offers of other protocols are ignored, as RFC 9110, section 7.8 allows: HTTP/2 without TLS among them, which some clients always offer. */
function offersWebSocket(parser: RequestParser, bytes: Uint8Array): boolean {
  if (!parser.offersUpgrade || parser.upgrades !== 1) return false;
  return equalsIgnoringCase(bytes, parser.upgradeStart, trimmedEnd(bytes, parser.upgradeStart, parser.upgradeEnd), 'websocket');
}

/** llhttp has checked that these are digits, once, and no blanks but at the end. Beyond 2^53 it is only "too large". */
function contentLength(parser: RequestParser, bytes: Uint8Array): number {
  if (parser.lengthStart === 0) return 0;
  let value = 0;
  for (let at = parser.lengthStart; at < parser.lengthEnd; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > NINE) break;
    value = value * 10 + (byte - ZERO);
  }
  return value;
}

export function bad(reason: string): WeftError {
  return new WeftError('WEFT_BAD_REQUEST', { reason });
}
