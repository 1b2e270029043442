/**
 * One process at a time on a data folder. The lock is SQLite's, thus the operating system's: it ends with the process that
 * holds it, however that ends, so there is no stale lock and no process id to trust. The id is only for the message.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../model/errors.ts';
import { unusable } from './durable.ts';

const LOCK = 'lock';
const OWNER = 'lock.pid';
const SQLITE_BUSY = 5;

/** @throws WeftError WEFT_DATA_IN_USE, WEFT_FILE */
export function lockDataFolder(folder: string): Disposable {
  const path = join(folder, LOCK);
  const lock = lockFile(path, folder);
  try {
    writeFileSync(join(folder, OWNER), `${process.pid}\n`);
  } catch (cause) {
    lock.close();
    throw unusable(join(folder, OWNER), cause);
  }
  return { [Symbol.dispose]: () => void (lock.isOpen && lock.close()) };
}

function lockFile(path: string, folder: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY)
      throw new WeftError('WEFT_DATA_IN_USE', { path: folder, owner: ownerOf(folder) }, { cause });
    throw unusable(path, cause);
  }
}

function ownerOf(folder: string): string {
  try {
    const pid = Number.parseInt(readFileSync(join(folder, OWNER), 'utf8'), 10);
    return Number.isInteger(pid) ? `process ${pid}` : 'another process';
  } catch {
    return 'another process';
  }
}
