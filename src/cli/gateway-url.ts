/** The address of a gateway as people write it, checked where it comes in. */
import { WeftError } from '../model/errors.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** `host:port` is enough; what comes back is an origin. @throws WeftError WEFT_USAGE */
export function gatewayOrigin(text: string, command = 'weft --help'): string {
  const url = parse(text);
  if (url !== undefined && url.username === '' && url.password === '') return url.origin;
  const reason =
    url === undefined
      ? `is not the address of a gateway, such as ${DEFAULT_URL}`
      : 'has the name of a user in it; leave that out, and the password';
  throw new WeftError('WEFT_USAGE', { reason: `"${withoutUser(text)}" ${reason}`, command });
}

/** Where a path would be left out in silence for as long as the address is kept. */
export function hasPath(text: string): boolean {
  const url = parse(text);
  return url !== undefined && `${url.pathname}${url.search}${url.hash}` !== '/';
}

export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** To be shown: an address may come with a password, and errors are read over shoulders and kept in logs. */
export function withoutUser(text: string): string {
  return text.replace(/^([a-z][\w+.-]*:\/\/|)[^/?#]*@/i, '$1…@');
}

function parse(text: string): URL | undefined {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  return url !== null && ['http:', 'https:'].includes(url.protocol) ? url : undefined;
}
