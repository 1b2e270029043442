/** Removes a folder with whatever a function left in it. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Never rejects: what cannot be removed now is in nobody's way, and the next platform tries again. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    // Node names whole paths, and folders may lie deeper than a path is long; rm goes from folder to folder, and follows no link.
    await run('rm', ['-rf', '--', path]).catch(() => {});
  }
}
