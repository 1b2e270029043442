/** What all clients of a thread are read into, one after the other; and views of it, which are lent until the next is read. */

export const READ_BUFFER = new Uint8Array(64 * 1024);

const MAX_VIEWS = 1024;
/** By where they begin and end: what clients send mostly lies where others have lain. To make a view costs ten times a look here. */
const views = new Map<number, Uint8Array<ArrayBuffer>>();

/** The view of what was read last. */
let arrived: Uint8Array = READ_BUFFER;

/** What a read brought, lent until the next. */
export function takeRead(length: number): Uint8Array {
  arrived = lentView(0, length);
  return arrived;
}

/** Not for bytes that anybody keeps. No Buffer, whose `slice` would look like a copy and be one more view. */
function lentView(from: number, to: number): Uint8Array<ArrayBuffer> {
  const key = from * (READ_BUFFER.length + 1) + to;
  const known = views.get(key);
  if (known) return known;
  if (views.size >= MAX_VIEWS) views.clear();
  const view = new Uint8Array(READ_BUFFER.buffer, READ_BUFFER.byteOffset + from, to - from);
  views.set(key, view);
  return view;
}

/** The part of bytes that were read, or are a copy of such. */
export function viewOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  // To ask for `buffer` costs more than all the rest.
  if (bytes === arrived) return lentView(from, to);
  // Not `subarray`, which makes a Buffer, at twice the cost.
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
}
