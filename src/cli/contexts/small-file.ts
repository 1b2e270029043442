/** A small file that anybody may have put there: bounded, and no pipe that is waited on. */
import { constants, open } from 'node:fs/promises';
import { unusable } from '../../registry/durable.ts';

const MAX_BYTES = 64 * 1024;

export interface SmallFile {
  readonly text: string;
  readonly mode: number;
}

/** Nothing when there is none; why it cannot be what was looked for, when that shows already. @throws WeftError WEFT_FILE */
export async function readSmallFile(path: string): Promise<SmallFile | string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) return 'it is not a file';
    if (found.size > MAX_BYTES) return `it is larger than ${MAX_BYTES / 1024} KiB`;
    return { text: await file.readFile('utf8'), mode: found.mode };
  } catch (cause) {
    if (isAbsent(cause as NodeJS.ErrnoException)) return undefined; // node:fs throws nothing else
    throw unusable(path, cause);
  }
}

export function isAbsent({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}
