import { openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';

/** A descriptor to read `content` from its beginning, of a file that has no name any more. The caller closes it. */
export function openArguments(folder: string, content: string): number {
  const path = join(folder, `arguments-${randomBytes(8).toString('hex')}`);
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  // Written at a position, which leaves the descriptor's own where it was.
  writeSync(fd, content, 0);
  return fd;
}
