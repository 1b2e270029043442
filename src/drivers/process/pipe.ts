/** A pipe of which both ends are ours: Node makes none, so it is made by its name, and the name is taken away. */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/** File descriptors that do not block; a process that is given one may set its end as it likes. */
export interface Pipe {
  readonly reader: number;
  readonly writer: number;
}

const run = promisify(execFile);

/** @param path where nobody has anything, for as long as this takes */
export async function openPipe(path: string): Promise<Pipe> {
  await run('mkfifo', ['-m', '600', path]);
  try {
    // In this order neither waits for the other (POSIX, open(): O_NONBLOCK on a FIFO).
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return { reader, writer: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) };
    } catch (cause) {
      closeSync(reader);
      throw cause;
    }
  } finally {
    await rm(path, { force: true });
  }
}
