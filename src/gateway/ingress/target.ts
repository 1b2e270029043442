/** What a request target means (RFC 9112, section 3.2): which function and which path below it, or something else. */
import { equalsIgnoringCase } from '../../model/bytes.ts';
import { AUTHORITY, HASH, latin1, QUESTION, SLASH, STAR } from './bytes.ts';

export type Target =
  /** `path` is what stands below the name, `query` what stands after "?". */
  | { readonly kind: 'function'; readonly name: string; readonly path: string; readonly query: string }
  | { readonly kind: 'control'; readonly target: string }
  /** "*": the server as a whole. */
  | { readonly kind: 'server' }
  | { readonly kind: 'bad'; readonly reason: string };

const PREFIX = Buffer.from('/function/');

/** Reads `bytes[start, end)`, in which llhttp has found no blanks and no control characters. */
export function readTarget(bytes: Uint8Array, start: number, end: number): Target {
  if (bytes.subarray(start, end).includes(HASH)) return { kind: 'bad', reason: 'a fragment ("#") in the target' };
  if (bytes[start] === SLASH) return readPath(bytes, start, end);
  if (bytes[start] === STAR)
    return end === start + 1 ? { kind: 'server' } : { kind: 'bad', reason: 'a target that begins with "*" but is longer' };
  const path = skipAuthority(bytes, start, end);
  if (path < 0) return { kind: 'bad', reason: 'the target is neither a path nor an absolute http URL' };
  return path === end ? { kind: 'server' } : readPath(bytes, path, end);
}

function readPath(bytes: Uint8Array, start: number, end: number): Target {
  let at = start;
  while (at - start < PREFIX.length && at < end && bytes[at] === PREFIX[at - start]) at += 1;
  // An absolute URL may go straight from the authority to its query.
  if (at - start < PREFIX.length) return { kind: 'control', target: (bytes[start] === SLASH ? '' : '/') + latin1(bytes, start, end) };
  const name = at;
  // A character that no name has belongs to the name still: it is unknown as a whole, not cut to one that is known.
  while (at < end && bytes[at] !== SLASH && bytes[at] !== QUESTION) at += 1;
  const path = at;
  while (at < end && bytes[at] !== QUESTION) at += 1;
  return {
    kind: 'function',
    name: latin1(bytes, name, path),
    path: latin1(bytes, path, at),
    query: latin1(bytes, Math.min(at + 1, end), end),
  };
}

/** Where the path begins, or -1. The authority takes the place of Host, which decides nothing here. */
function skipAuthority(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (equalsIgnoringCase(bytes, start, Math.min(end, start + 7), 'http://')) at += 7;
  else if (equalsIgnoringCase(bytes, start, Math.min(end, start + 8), 'https://')) at += 8;
  else return -1;
  const authority = at;
  while (at < end && AUTHORITY[bytes[at] ?? 0] === 1) at += 1;
  if (at === authority) return -1;
  return at === end || bytes[at] === SLASH || bytes[at] === QUESTION ? at : -1;
}
