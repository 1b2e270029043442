import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startCompileService } from './compile-service.ts';
import { ROOT } from './step.ts';

/** A test, or a whole file of them, that hangs fails after this long; the slowest file takes a minute or two. */
const TEST_TIMEOUT_MS = 600_000;

/** Files that wait for a deadline or a container leave a core idle. */
const WAITING_FILES = 1;

/** What Node made of our sources for one file of tests serves the next, each of which is a process. */
const COMPILED = join(ROOT, 'node_modules/.cache/weft/node');

/** Runs these files and folders with node:test, or all. Its totals are the last that is printed. @returns exit code */
export async function runTests(selection: readonly string[]): Promise<number> {
  const files = selection.length === 0 ? ['test/**/*.test.ts'] : await Promise.all(selection.map(asPattern));
  const options = [
    '--test',
    '--test-reporter=spec',
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    `--test-concurrency=${availableParallelism() + WAITING_FILES}`,
  ];
  await using compilers = await startCompileService();
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED, WEFT_TEST_COMPILERS: compilers.path };
  return await new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, [...options, ...files], { cwd: ROOT, stdio: 'inherit', env });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function asPattern(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true ? `${path.replace(/\/$/, '')}/**/*.test.ts` : path;
}
