import { type Stats, statSync } from 'node:fs';

/** What a path leads to when that is a file that can be read to its end: no folder, no pipe, no device. */
export function regularFile(path: string): Stats | undefined {
  try {
    const info = statSync(path, { throwIfNoEntry: false });
    return info?.isFile() ? info : undefined;
  } catch {
    return undefined; // no right to look, a loop of links, a name that is too long
  }
}
