/** Compiled bytes with the warnings that came with them, as one entry of the store: the warnings first, behind their length. */
export function packAnnotated(content: Uint8Array, warnings: string): Uint8Array {
  const text = Buffer.from(warnings);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, content]);
}

export function unpackAnnotated(entry: Buffer<ArrayBuffer>): { readonly content: Uint8Array<ArrayBuffer>; readonly warnings: string } {
  const end = LENGTH_BYTES + entry.readUInt32LE(0);
  return { content: new Uint8Array(entry.subarray(end)), warnings: entry.toString('utf8', LENGTH_BYTES, end) };
}

const LENGTH_BYTES = 4;
