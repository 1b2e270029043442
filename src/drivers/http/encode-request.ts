import { Buffer } from 'node:buffer';
import { Recent } from '../../model/recent.ts';
import { linesOf } from '../header-lines.ts';
import type { Headers, WireRequest } from '../wire.ts';

/** Up to here a body is copied behind its head, so that both are one write. */
const JOINED_BYTES = 64 * 1024;
/** RFC 9110, section 7.8. */
const OFFER = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
/** Methods whose requests have a body by their meaning, so that an empty one is told (RFC 9110, section 8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** The request as HTTP/1.1 has it: pieces to write one after the other. */
export function encodeRequest({ method, target, headers, more, asksForWebSocket, body }: WireRequest): Uint8Array[] {
  let head = `${method} ${target} HTTP/1.1\r\n${knownLines(headers)}`;
  if (more) head += linesOf(more);
  if (asksForWebSocket) head += OFFER;
  if (body.length > 0 || WITH_BODY.has(method)) head += `Content-Length: ${body.length}\r\n`;
  head += '\r\n';
  if (body.length > JOINED_BYTES) return [Buffer.from(head, 'latin1'), body];
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 0, 'latin1');
  bytes.set(body, head.length);
  return [bytes];
}

const MAX_KEPT_CHARACTERS = 2048;
const recent = new Recent<Headers, string>();

function knownLines(headers: Headers): string {
  const known = recent.get(headers);
  if (known !== undefined) return known;
  const lines = linesOf(headers);
  return lines.length <= MAX_KEPT_CHARACTERS ? recent.set(headers, lines) : lines;
}
