/**
 * `npm test [file or folder ...]`: the checks that find what would break at run time, then the tests. The test runner comes
 * last, so that its totals close the output.
 */
import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { passes, ROOT } from './checks/step.ts';
import { SOUNDNESS } from './checks/table.ts';

/** A test that hangs fails after this long; the slowest (compiling C++ with the embedded compiler) take seconds. */
const TEST_TIMEOUT_MS = 300_000;

async function main(selection: readonly string[]): Promise<number> {
  for (const check of SOUNDNESS) {
    if (!(await passes(check))) return 1;
  }
  const files = selection.length === 0 ? ['test/**/*.test.ts'] : await Promise.all(selection.map(asPattern));
  const options = ['--test', '--test-reporter=spec', `--test-timeout=${TEST_TIMEOUT_MS}`, `--test-concurrency=${availableParallelism()}`];
  return runTests([...options, ...files]);
}

async function asPattern(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true ? `${path.replace(/\/$/, '')}/**/*.test.ts` : path;
}

function runTests(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main(process.argv.slice(2));
