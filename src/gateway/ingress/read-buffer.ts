/** What all clients of a thread are read into, one after the other; and views of it, which are lent until the next is read. */

const READ_BYTES = 64 * 1024;
/** Behind that: what several clients sent, until all of it has been read. */
export const GATHERED_BYTES = 64 * 1024;
const ALL = new Uint8Array(READ_BYTES + GATHERED_BYTES);

/** The same, four bytes at a time. */
export const LENT_WORDS = new Int32Array(ALL.buffer);

export const READ_BUFFER = ALL.subarray(0, READ_BYTES);

const MAX_VIEWS = 2048;
/** By where they begin and end: what clients send mostly lies where others have lain. To make a view costs ten times a look here. */
const views = new Map<number, Uint8Array<ArrayBuffer>>();

/** The view of what is being dealt with, and where that begins. */
let arrived = READ_BUFFER;
let arrivedAt = 0;

/** What a read brought, lent until the next. */
export function takeRead(length: number): Uint8Array {
  return take(0, length);
}

/** Copies what a read brought. */
export function gather(lent: Uint8Array, at: number): void {
  ALL.set(lent, READ_BYTES + at);
}

/** What was gathered, lent until more is. */
export function takeGathered(from: number, to: number): Uint8Array {
  return take(READ_BYTES + from, READ_BYTES + to);
}

function take(from: number, to: number): Uint8Array {
  arrived = lentView(from, to);
  arrivedAt = from;
  return arrived;
}

/** Not for bytes that anybody keeps. No Buffer, whose `slice` would look like a copy and be one more view. */
function lentView(from: number, to: number): Uint8Array<ArrayBuffer> {
  const key = (to - from) * ALL.length + from; // a small integer, unless it is large itself
  const known = views.get(key);
  if (known) return known;
  if (views.size >= MAX_VIEWS) views.clear();
  const view = new Uint8Array(ALL.buffer, from, to - from);
  views.set(key, view);
  return view;
}

/** Where in LENT_WORDS those bytes are that begin at `from`; -1 where they are not. */
export function wordAt(bytes: Uint8Array, from: number): number {
  const at = arrivedAt + from;
  return bytes === arrived && (at & 3) === 0 ? at >> 2 : -1;
}

/** The part of bytes that were read, or are a copy of such. */
export function viewOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  // To ask for `buffer` costs more than all the rest.
  if (bytes === arrived) return lentView(arrivedAt + from, arrivedAt + to);
  // Not `subarray`, which makes a Buffer, at twice the cost.
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
}
