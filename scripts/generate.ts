/** Writes the files that are made from the source, or with --check tells which are not up to date. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './checks/step.ts';
import { manifestSchemaText } from '../src/manifest/json-schema.ts';
import { cliPage } from './generate-cli.ts';
import { errorsPage } from './generate-errors.ts';

const GENERATED: Readonly<Record<string, () => string>> = {
  'docs/cli.md': cliPage,
  'docs/errors.md': errorsPage,
  'schema/weft.schema.json': manifestSchemaText,
};

const checking = process.argv.includes('--check');
for (const [path, make] of Object.entries(GENERATED)) {
  const wanted = make();
  const present = await readFile(join(ROOT, path), 'utf8').catch(() => undefined);
  if (present === wanted) continue;
  if (checking) {
    console.log(`${path} is not what the source says`);
    process.exitCode = 1;
  } else {
    await writeFile(join(ROOT, path), wanted);
    console.log(`wrote ${path}`);
  }
}
