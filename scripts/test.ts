/**
 * `npm test [-- file or folder ...]`: the checks that find what would break at run time, then the tests. The test runner comes
 * last, so that its totals close the output.
 */
import { passes } from './checks/step.ts';
import { SOUNDNESS } from './checks/table.ts';
import { runTests } from './checks/tests.ts';

async function main(selection: readonly string[]): Promise<number> {
  for (const check of SOUNDNESS) {
    if (!(await passes(check))) return 1;
  }
  return runTests(selection);
}

process.exitCode = await main(process.argv.slice(2));
