/** weft.yaml → App. */
import { dirname } from 'node:path';
import type { App, FunctionSpec } from '../model/app.ts';
import { ManifestDocument, type Path } from './document.ts';
import { readFunction } from './function.ts';
import { readMerge } from './merge.ts';
import { Mistakes } from './mistakes.ts';
import { defaultsShape, functionShape, manifestShape } from './schema.ts';
import { type Environment, FunctionScope, type Reading } from './scope.ts';
import { checkShape } from './shape.ts';

/**
 * @param shown the file's name in messages
 * @throws WeftError WEFT_MANIFEST with all mistakes: what is well-formed is looked at in full, though something else is not
 */
export async function parseWeftYaml(text: string, path: string, shown: string, environment: Environment): Promise<App> {
  const mistakes = new Mistakes(shown);
  const document = new ManifestDocument(text, mistakes);
  const wrong = checkShape(document, manifestShape, mistakes);
  const reading = { document, mistakes, dir: dirname(path), environment };
  const functions = await readFunctions(reading, wrong);
  const merge = isWrong(wrong, ['merge']) ? [] : readMerge(reading);
  mistakes.check();
  const { app } = manifestShape.parse(document.value);
  return { name: app, functions, merge, dir: reading.dir };
}

async function readFunctions(reading: Reading, wrong: readonly Path[]): Promise<FunctionSpec[]> {
  const { document } = reading;
  const defaults = isWrong(wrong, ['defaults']) ? undefined : defaultsShape.parse(document.valueAt(['defaults']) ?? {});
  const described = document.valueAt(['functions']);
  const found: FunctionSpec[] = [];
  if (!defaults || typeof described !== 'object' || described === null || isWrong(wrong, ['functions'], true)) return found;
  for (const [name, value] of Object.entries(described)) {
    if (isWrong(wrong, ['functions', name])) continue;
    found.push(await readFunction(new FunctionScope(reading, name, functionShape.parse(value), defaults)));
  }
  return found;
}

/** Whether something at or below that path is wrong (or, exactly, at it). */
function isWrong(wrong: readonly Path[], path: Path, exactly = false): boolean {
  return wrong.some((one) => (!exactly || one.length === path.length) && path.every((step, at) => one[at] === step));
}
