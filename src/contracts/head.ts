/** Header lines of a validated request head (docs/guest-abi.md, `in_head`). */
export function headersOf(head: Uint8Array): [string, string][] {
  if (head.length === 0) return [];
  const [, ...lines] = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1').split('\r\n');
  return lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()]] : [];
  });
}
