import { Recent } from '../model/recent.ts';
import type { Headers } from './wire.ts';

const KEPT = 64;
const KEPT_CHARACTERS = 2048;
const recent = new Recent<Headers, string>(KEPT);

/** Header lines as HTTP/1.1 has them, each character a byte. The same object is not looked at twice in a row. */
export function linesOf(headers: Headers): string {
  const known = recent.get(headers);
  if (known !== undefined) return known;
  let lines = '';
  for (const [name, value] of headers) lines += `${name}: ${value}\r\n`;
  return lines.length <= KEPT_CHARACTERS ? recent.set(headers, lines) : lines;
}
