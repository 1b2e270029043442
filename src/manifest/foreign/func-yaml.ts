/** func.yaml → App: IronFunctions' or Fn's, told apart by what stands in it; and Fn's app.yaml with the functions below it. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { App, FunctionSpec } from '../../model/app.ts';
import { displayed } from '../lookup.ts';
import { manifestError } from '../mistakes.ts';
import { nameFromPath } from '../names.ts';
import { MAX_MANIFEST_BYTES, readText } from '../read-text.ts';
import { checkShape } from '../shape.ts';
import { describeFn } from './fn-func.ts';
import { FN_KEYS, fnAppShape, fnShape, IRON_KEYS, ironShape } from './func-shapes.ts';
import { describeIron } from './iron-func.ts';
import { ForeignReading, type Source } from './reading.ts';

export const FUNC_FILES: readonly string[] = ['func.yaml', 'func.yml', 'func.json'];
const MAX_DEPTH = 8;
const MAX_FUNCTIONS = 1000;

/** @throws WeftError WEFT_MANIFEST with all mistakes */
export async function parseFuncYaml(source: Source): Promise<App> {
  const { fn, notes } = await readFunc(source, { known: undefined, config: {} });
  return { name: nameFromPath(source.dir), functions: [fn], merge: [], dir: source.dir, ...(notes.length > 0 ? { notes } : {}) };
}

/** Fn's app.yaml: its functions are in the folders below, or beside it. */
export async function parseFnApp(source: Source): Promise<App> {
  const reading = new ForeignReading(source, 'kept');
  const { document, mistakes } = reading;
  checkShape(document, fnAppShape, mistakes);
  mistakes.check();
  const { name, config, syslog_url } = fnAppShape.parse(document.value);
  if (name !== undefined) reading.checkName(name, reading.at('name'));
  const paths = await funcFilesBelow(source.dir);
  if (paths.length === 0) reading.at()(`there is no ${FUNC_FILES[0]} in its folder or below`);
  mistakes.check();
  if (syslog_url !== undefined) reading.note('syslog_url: logs stay with the platform (weft logs)');
  const functions: FunctionSpec[] = [];
  const notes = reading.notes;
  for (const path of paths) {
    const read = await readFunc(await sourceAt(path, source), { known: 'fn', config: reading.texts(config, 'config') });
    if (functions.some((fn) => fn.name === read.fn.name))
      throw manifestError(displayed(path), `a function ${read.fn.name} is there already`);
    functions.push(read.fn);
    notes.push(...read.notes);
  }
  return { name: name ?? nameFromPath(source.dir), functions, merge: [], dir: source.dir, ...(notes.length > 0 ? { notes } : {}) };
}

interface Above {
  /** Whose it is, when the file itself does not have to say. */
  readonly known: 'fn' | undefined;
  readonly config: Readonly<Record<string, string>>;
}

async function readFunc(source: Source, { known, config }: Above): Promise<{ fn: FunctionSpec; notes: readonly string[] }> {
  const reading = new ForeignReading(source, 'kept');
  const { document, mistakes } = reading;
  const shape = known === 'fn' || isFn(document.value) ? fnShape : ironShape;
  checkShape(document, shape, mistakes);
  mistakes.check();
  const fn = await (shape === fnShape
    ? describeFn(reading, fnShape.parse(document.value), config)
    : describeIron(reading, ironShape.parse(document.value)));
  mistakes.check();
  if (!fn) throw new TypeError('what has no mistake is a function');
  return { fn, notes: reading.notes };
}

/** Fn's files have a schema_version; those without it (Fn's older ones, IronFunctions') are told by keys that only one of them has. */
function isFn(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  if (keys.includes('schema_version')) return true;
  const count = (known: readonly string[]): number => keys.filter((key) => known.includes(key)).length;
  return count(FN_KEYS) > count(IRON_KEYS);
}

/** Sorted; a folder has one. */
async function funcFilesBelow(dir: string, depth = 0): Promise<string[]> {
  const entries = (await readdir(dir, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const here = FUNC_FILES.find((name) => entries.some((entry) => entry.name === name && entry.isFile()));
  const found = here === undefined ? [] : [join(dir, here)];
  if (depth === MAX_DEPTH) return found;
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    found.push(...(await funcFilesBelow(join(dir, entry.name), depth + 1)));
    if (found.length > MAX_FUNCTIONS) throw manifestError(displayed(dir), `there are more than ${MAX_FUNCTIONS} functions below it`);
  }
  return found;
}

async function sourceAt(path: string, { environment }: Source): Promise<Source> {
  const shown = displayed(path);
  const content = await readText(path, MAX_MANIFEST_BYTES);
  if ('problem' in content) throw manifestError(shown, content.problem);
  return { text: content.text, dir: dirname(path), shown, environment };
}
