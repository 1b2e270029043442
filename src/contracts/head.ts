const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Header lines of a validated request head (docs/guest-abi.md, `in_head`). */
export function headersOf(head: Uint8Array): [string, string][] {
  return head.length === 0 ? [] : headersIn(textOf(head));
}

/** Value of the first field of that name, which is given in small letters. Nothing else of the head is read. */
export function headerIn(head: Uint8Array, name: string): string | undefined {
  for (let at = head.indexOf(LINE_FEED) + 1; at > 0 && at < head.length; at = head.indexOf(LINE_FEED, at) + 1) {
    if (!isNamed(head, at, name)) continue;
    const end = head.indexOf(CARRIAGE_RETURN, at);
    return textOf(head.subarray(at + name.length + 1, end < 0 ? head.length : end)).trim();
  }
  return undefined;
}

function isNamed(head: Uint8Array, at: number, name: string): boolean {
  if (head[at + name.length] !== COLON) return false;
  for (let i = 0; i < name.length; i++) if (smallLetter(head[at + i] as number) !== name.charCodeAt(i)) return false; // before the colon
  return true;
}

const smallLetter = (byte: number): number => (byte >= CAPITAL_A && byte <= CAPITAL_Z ? byte + 0x20 : byte);

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
