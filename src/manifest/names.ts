/** Names for what has none, or none that can be used. */
import { basename, extname } from 'node:path';

export function nameFromPath(path: string): string {
  return nameFrom(basename(path, extname(path)));
}

/** What NAME of patterns.ts takes, and as near as can be. */
export function nameFrom(text: string): string {
  const words = text
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return words === '' ? 'app' : words;
}
