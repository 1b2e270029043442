/** Bytes of HTTP, by name, and the character classes of RFC 9110. */
export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const TAB = 0x09;
export const COLON = 0x3a;
export const SLASH = 0x2f;
export const QUESTION = 0x3f;
export const HASH = 0x23;
export const STAR = 0x2a;

function classOf(member: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (member(code) ? 1 : 0));
}

const ALPHANUM = /[0-9A-Za-z]/;
const among = (text: string) => (code: number) =>
  (code < 128 && ALPHANUM.test(String.fromCharCode(code))) || text.includes(String.fromCharCode(code));

/** tchar, RFC 9110 section 5.6.2: what field names are made of. */
export const TOKEN = classOf(among("!#$%&'*+-.^_`|~"));
/** Field content, section 5.5: visible characters, obs-text, and SP and HTAB between them. */
export const FIELD = classOf((code) => code === TAB || (code >= SP && code !== 0x7f));
/** uri-host [ ":" port ], RFC 3986 section 3.2: unreserved, sub-delims, percent signs, brackets and the colon. */
export const AUTHORITY = classOf(among("-._~!$&'()*+;=%[]:"));

/** The end of `bytes[from, to)` without trailing blanks. */
export function trimmedEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && (bytes[end - 1] === SP || bytes[end - 1] === TAB)) end -= 1;
  return end;
}

/** Text of header bytes, each a character: nothing is decoded, so nothing is lost. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return asBuffer(bytes).toString('latin1', from, to);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
