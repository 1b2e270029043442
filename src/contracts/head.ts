const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Header lines of a validated request head (docs/guest-abi.md, `in_head`). */
export function headersOf(head: Uint8Array): [string, string][] {
  return head.length === 0 ? [] : headersIn(textOf(head));
}

/** The same, of a head with each byte a character: for those who pass them on. */
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
