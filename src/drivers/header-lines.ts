import type { Headers } from './wire.ts';

/** Header lines as HTTP/1.1 has them, each character a byte. */
export function linesOf(headers: Headers): string {
  let lines = '';
  for (const [name, value] of headers) lines += `${name}: ${value}\r\n`;
  return lines;
}
