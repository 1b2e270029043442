/** What of a message's headers goes on to the next hop (RFC 9110, section 7.6). */
import { linesOf } from '../drivers/header-lines.ts';
import type { Headers } from '../drivers/wire.ts';
import { Recent } from '../model/recent.ts';
import { latin1, rawHeadersIn } from './head.ts';

/** Of one connection, or of how a message is framed on it; the next hop has its own. */
const HOP_BY_HOP = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Heads that came last: clients send the same one again and again. */
const remembered = new Recent<string, Headers>();
const REMEMBERED_CHARACTERS = 2048;

/** Of a validated request head that its caller owns, those that go on; the same object while the head is remembered. */
export function forwardedOf(bytes: Uint8Array): Headers {
  const text = latin1(bytes);
  const known = remembered.get(text);
  if (known) return known;
  const headers = forwarded(rawHeadersIn(text));
  return text.length <= REMEMBERED_CHARACTERS ? remembered.set(text, headers) : headers;
}

/** Those that go on, in their order: without the connection's own, and without those that `Connection` names. */
export function forwarded(headers: Headers): [string, string][] {
  let named: Set<string> | undefined;
  for (const [name, value] of headers) {
    if (name.length !== CONNECTION.length || name.toLowerCase() !== CONNECTION) continue;
    named ??= new Set();
    for (const option of value.split(',')) named.add(option.trim().toLowerCase());
  }
  const kept: [string, string][] = [];
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!HOP_BY_HOP.has(lower) && named?.has(lower) !== true) kept.push([name, value]);
  }
  return kept;
}

const CONNECTION = 'connection';

/** Servers mostly answer with the headers they answered with before. */
const passed = new Recent<Headers, Uint8Array>();

/** Of a server's answer the header lines that go on to the client. */
export function passedOn(headers: Headers): Uint8Array {
  const known = passed.get(headers);
  if (known) return known;
  const lines = headLines(forwarded(headers));
  return lines.length <= REMEMBERED_CHARACTERS ? passed.set(headers, lines) : lines;
}

/** Header lines as an answer has them. */
export function headLines(headers: Headers): Uint8Array {
  return Buffer.from(linesOf(headers), 'latin1');
}
