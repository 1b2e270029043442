/** Finds out what a request target means (RFC 9112, section 3.2): which function, which path below it, or something else. */
import { AUTHORITY, equalsIgnoringCase, HASH, NAME, QUESTION, SLASH, STAR } from './bytes.ts';

export type TargetKind = 'function' | 'control' | 'server' | 'bad';

const PREFIX = Buffer.from('/function/');

/** One is enough for a thread: `locate` overwrites it. All offsets are into the bytes given to `locate`. */
export class Target {
  nameStart = 0;
  nameEnd = 0;
  /** Path below the function's name. */
  pathStart = 0;
  pathEnd = 0;
  /** Without the "?"; empty at the end when there is none. */
  queryStart = 0;
  end = 0;
  reason = '';

  /** `server` is "*": the request asks about the server as a whole. */
  locate(bytes: Uint8Array, start: number, end: number): TargetKind {
    this.end = end;
    if (bytes[start] === SLASH) return this.#locatePath(bytes, start, end);
    if (bytes[start] === STAR) return this.#locateServer(start, end);
    const path = this.#skipAuthority(bytes, start, end);
    if (path < 0) return this.#bad('the target is neither a path nor an absolute http URL');
    return this.#locatePath(bytes, path, end);
  }

  #locateServer(start: number, end: number): TargetKind {
    if (end !== start + 1) return this.#bad('a target that begins with "*" but is longer');
    this.pathStart = end;
    this.pathEnd = end;
    this.queryStart = end;
    return 'server';
  }

  #locatePath(bytes: Uint8Array, start: number, end: number): TargetKind {
    let at = start;
    while (at - start < PREFIX.length && at < end && bytes[at] === PREFIX[at - start]) at += 1;
    const isFunction = at - start === PREFIX.length;
    this.nameStart = at;
    if (isFunction) while (at < end && NAME[bytes[at] ?? 0] === 1) at += 1;
    this.nameEnd = at;
    // A character no name has: the name goes on, so that it is unknown as a whole, not cut to one that is known.
    if (isFunction) while (at < end && bytes[at] !== SLASH && bytes[at] !== QUESTION && bytes[at] !== HASH) this.nameEnd = ++at;
    this.pathStart = at;
    while (at < end && bytes[at] !== QUESTION && bytes[at] !== HASH) at += 1;
    this.pathEnd = at;
    this.queryStart = at < end ? at + 1 : at;
    while (at < end && bytes[at] !== HASH) at += 1;
    if (at < end) return this.#bad('a fragment ("#") in the target');
    return isFunction ? 'function' : 'control';
  }

  /** Where the path begins, or -1. The authority takes the place of Host, which decides nothing here. */
  #skipAuthority(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (equalsIgnoringCase(bytes, start, Math.min(end, start + 7), 'http://')) at += 7;
    else if (equalsIgnoringCase(bytes, start, Math.min(end, start + 8), 'https://')) at += 8;
    else return -1;
    const authority = at;
    while (at < end && AUTHORITY[bytes[at] ?? 0] === 1) at += 1;
    if (at === authority) return -1;
    return at === end || bytes[at] === SLASH || bytes[at] === QUESTION || bytes[at] === HASH ? at : -1;
  }

  #bad(reason: string): 'bad' {
    this.reason = reason;
    return 'bad';
  }
}
