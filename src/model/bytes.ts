/** A copy for whoever keeps bytes that were lent. Not `slice`: that of a Buffer, which a Uint8Array may well be, is a view. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
