/** What of a message's headers goes on to the next hop (RFC 9110, section 7.6). */
import type { Headers } from '../drivers/wire.ts';
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
const remembered = new Map<string, Headers>();
const REMEMBERED_HEADS = 64;
const REMEMBERED_CHARACTERS = 2048;

/** Of a validated request head, those that go on. */
export function forwardedOf(head: Uint8Array): Headers {
  const text = latin1(head);
  const known = remembered.get(text);
  if (known) return known;
  const headers = forwarded(rawHeadersIn(text));
  if (text.length <= REMEMBERED_CHARACTERS) {
    if (remembered.size >= REMEMBERED_HEADS) remembered.clear();
    remembered.set(text, headers);
  }
  return headers;
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

/** Header lines as an answer has them. */
export function headLines(headers: Headers): Uint8Array {
  let lines = '';
  for (const [name, value] of headers) lines += `${name}: ${value}\r\n`;
  return Buffer.from(lines, 'latin1');
}
