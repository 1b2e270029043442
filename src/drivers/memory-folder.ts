/**
 * Where folders lie that a function may write and that are not inside its sandbox. In memory, what it writes is counted as its own by
 * the kernel (a page of tmpfs belongs to the control group that touched it first), and bounded so; on disk nobody counts it.
 */
import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const SHARED_MEMORY = '/dev/shm';
/** statfs(2) */
const TMPFS_MAGIC = 0x01021994;

/** All that have temporary folders of drivers in them. */
export const temporaryFolders = (): string[] => [...new Set([tmpdir(), memoryFolder()])];

/** A folder for temporary folders, in memory where this machine has one for everybody. */
export function memoryFolder(): string {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK);
    if (statfsSync(SHARED_MEMORY).type === TMPFS_MAGIC) return SHARED_MEMORY;
  } catch {
    // No such folder, as on macOS, or none for us.
  }
  return tmpdir();
}
