/** A folder with all folders above it. `mkdir` of node:fs, told to be recursive, never ends where a system refuses with ENOENT (/proc). */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { WeftError } from '../model/errors.ts';

/** @throws WeftError WEFT_FILE */
export async function makeFolder(folder: string): Promise<void> {
  await make(resolve(folder)).catch((cause: Error) => {
    throw new WeftError('WEFT_FILE', { path: folder, reason: cause.message }, { cause });
  });
}

async function make(folder: string): Promise<void> {
  const refusal = await makeOne(folder);
  if (refusal === undefined) return;
  if (refusal.code !== 'ENOENT' || dirname(folder) === folder) throw refusal;
  await make(dirname(folder));
  const again = await makeOne(folder);
  if (again !== undefined) throw again;
}

/** @returns why it is not there now */
async function makeOne(folder: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(folder);
    return undefined;
  } catch (error) {
    const present = await stat(folder).catch(() => undefined);
    return present?.isDirectory() === true ? undefined : (error as NodeJS.ErrnoException); // node:fs throws nothing else
  }
}
