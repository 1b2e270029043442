/** A copy for whoever keeps bytes that were lent. Not `slice`: that of a Buffer, which a Uint8Array may well be, is a view. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Whether `bytes[from, to)` are that word of ASCII, which is given in lower case, in whatever case they are. */
export function equalsIgnoringCase(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i += 1) {
    const byte = bytes[from + i] ?? 0;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (lower !== word.charCodeAt(i)) return false;
  }
  return true;
}
