/** `npm run check`: everything short of the tests; all checks run, whatever the first of them say. */
import { passes } from './checks/step.ts';
import { SOUNDNESS, TIDINESS } from './checks/table.ts';

for (const check of [...SOUNDNESS, ...TIDINESS]) {
  if (!(await passes(check))) process.exitCode = 1;
}
