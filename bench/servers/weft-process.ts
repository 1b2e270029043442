/** The process that `weft.ts` starts: the platform with one engine thread, told over IPC what to do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, startPlatform } from '../../src/gateway/platform.ts';
import type { AppBundle } from '../../src/model/app.ts';

export type Command =
  | { readonly do: 'deploy'; readonly bundle: AppBundle }
  | { readonly do: 'scale'; readonly fn: string; readonly contexts: number }
  /** Waits until the thread has done all it was told before. */
  | { readonly do: 'settle' };

export interface Answer {
  readonly url: string;
  readonly error?: string;
}

const dataDir = mkdtempSync(join(tmpdir(), 'weft-bench-'));
process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }));
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));

const log = (level: string, text: string): void => {
  if (level !== 'info') process.stderr.write(`${text}\n`);
};
const platform = await startPlatform({ host: '127.0.0.1', port: 0, threads: 1, dataDir, log });
process.on('message', (command: Command) => void answer(command));
process.send?.({ url: platform.url } satisfies Answer);

async function answer(command: Command): Promise<void> {
  const error = await obey(platform, command).then(
    () => undefined,
    (cause: unknown) => String(cause),
  );
  process.send?.({ url: platform.url, ...(error !== undefined && { error }) } satisfies Answer);
}

async function obey(weft: Platform, command: Command): Promise<void> {
  if (command.do === 'deploy') await weft.deploy(command.bundle);
  else if (command.do === 'scale') await weft.scale(command.fn, command.contexts);
  else await weft.totals();
}
