import type { Check } from './step.ts';

/** Mistakes that would break at run time: before every test run. */
export const SOUNDNESS: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint', command: ['oxlint'] },
  { name: 'layers', command: ['scripts/check-layers.ts'] },
];

/** What a reviewer should not have to look for. */
export const TIDINESS: readonly Check[] = [
  { name: 'format', command: ['biome', 'format'], mend: 'npm run format' },
  { name: 'unused code', command: ['knip'] },
  { name: 'generated files', command: ['scripts/generate.ts', '--check'], mend: 'npm run generate' },
];
