/** Files that are whole and there to stay once a call returns, whatever ends the process or the machine afterwards. */
import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WeftError } from '../model/errors.ts';

/** What holds secrets, and everything else in the data folder: its owner's alone. */
const OWNER_ONLY = 0o600;

/**
 * Puts a file in place by a rename, so that readers find the old content or the new, never a part.
 * `scratch` is a folder of the same file system, where a crash may leave a half-written file behind.
 * @throws WeftError WEFT_FILE: nothing has changed then
 */
export async function writeDurably(path: string, content: Uint8Array | string, scratch: string): Promise<void> {
  const half = join(scratch, randomUUID());
  try {
    await writeSynced(half, content);
    await rename(half, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(half, { force: true }).catch(() => {}); // what is left is collected at the next start
    throw unusable(path, cause);
  }
}

/**
 * As writeDurably, but in place of nothing: of several that write at once, one does.
 * @returns false: the name is taken, and what has it is as it was
 * @throws WeftError WEFT_FILE
 */
export async function createDurably(path: string, content: Uint8Array | string, scratch: string): Promise<boolean> {
  const half = join(scratch, randomUUID());
  try {
    await writeSynced(half, content);
    await link(half, path); // a rename would take the place of what is there
    await syncFolder(dirname(path));
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    throw unusable(path, cause);
  } finally {
    await rm(half, { force: true }).catch(() => {}); // likewise
  }
}

/** @throws WeftError WEFT_FILE */
export async function removeDurably(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
    await syncFolder(dirname(path));
  } catch (cause) {
    throw unusable(path, cause);
  }
}

export function unusable(path: string, cause: unknown): WeftError {
  return new WeftError('WEFT_FILE', { path, reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
}

async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  await using file = await open(path, 'wx', OWNER_ONLY);
  await file.writeFile(content);
  await file.sync();
}

/** A rename is in the folder, not in the file: it is kept only once the folder is. */
async function syncFolder(path: string): Promise<void> {
  // Windows has no such call for folders, and needs none.
  if (process.platform === 'win32') return;
  await using folder = await open(path, 'r');
  await folder.sync();
}
