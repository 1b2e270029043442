/**
 * `npm run check`: everything there is to check. `--no-tests` leaves out the tests. All other checks run, whatever the first of
 * them say; the tests only when the rest is right.
 */
import { passes } from './checks/step.ts';
import { SOUNDNESS, TIDINESS } from './checks/table.ts';
import { runTests } from './checks/tests.ts';

let right = true;
for (const check of [...SOUNDNESS, ...TIDINESS]) right = (await passes(check)) && right;
if (!right) process.exitCode = 1;
else if (!process.argv.includes('--no-tests')) process.exitCode = await runTests([]);
