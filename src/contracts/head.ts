import { equalsIgnoringCase } from '../model/bytes.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Header lines of a validated request head (docs/guest-abi.md, `in_head`). */
export function headersOf(head: Uint8Array): [string, string][] {
  return head.length === 0 ? [] : headersIn(textOf(head));
}

/** Value of the first field of that name, which is given in small letters. Nothing else of the head is read. */
export function headerIn(head: Uint8Array, name: string): string | undefined {
  for (let at = head.indexOf(LINE_FEED) + 1; at > 0 && at < head.length; at = head.indexOf(LINE_FEED, at) + 1) {
    const colon = at + name.length;
    if (head[colon] !== COLON || !equalsIgnoringCase(head, at, colon, name)) continue;
    const end = head.indexOf(CARRIAGE_RETURN, colon);
    return textOf(head.subarray(colon + 1, end < 0 ? head.length : end)).trim();
  }
  return undefined;
}

/** All of them, of a head with each byte a character: for those who pass them on. */
export function rawHeadersIn(text: string): [string, string][] {
  return text === '' ? [] : headersIn(text);
}

function headersIn(text: string): [string, string][] {
  const [, ...lines] = text.split('\r\n');
  return lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()]] : [];
  });
}

/** Values may hold any byte above 0x7f (RFC 9110, section 5.5): nearly always UTF-8, and else what it was long ago. */
function textOf(head: Uint8Array): string {
  try {
    return utf8.decode(head);
  } catch {
    return latin1(head);
  }
}

/** Each byte a character. */
export function latin1(head: Uint8Array): string {
  return Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
}
