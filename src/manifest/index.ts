/** What a person names on the command line, as an App. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { App } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import { SOURCE_EXTENSIONS } from './build.ts';
import { FUNC_FILES, parseFnApp, parseFuncYaml } from './foreign/func-yaml.ts';
import { parseStackYaml } from './foreign/stack-yaml.ts';
import { displayed } from './lookup.ts';
import { manifestError } from './mistakes.ts';
import { didYouMean, quote } from './nearest.ts';
import { parseNightcoreConfig } from './nightcore.ts';
import { MAX_MANIFEST_BYTES, readText, reasonOf } from './read-text.ts';
import type { Environment } from './scope.ts';
import { singleSourceApp } from './single-source.ts';
import { parseWeftYaml } from './weft-yaml.ts';

const WEFT_YAML = 'weft.yaml';
const FUNC_CONFIG = 'func_config.json';
const STACK_FILES = ['stack.yaml', 'stack.yml'];
const FN_APP_FILES = ['app.yaml', 'app.yml'];

/** Files by which a folder is known to be an app, the first of them that is there. */
export const MANIFESTS: readonly string[] = [WEFT_YAML, FUNC_CONFIG, ...STACK_FILES, ...FN_APP_FILES, ...FUNC_FILES];

/**
 * @param path a folder with a manifest (weft.yaml, or another platform's), or with one C or C++ file alone; or one of these files
 * @param environment where secrets come from
 * @throws WeftError WEFT_MANIFEST, with everything that is wrong; WEFT_NO_APP for a path without any of these files
 */
export async function loadApp(path: string, environment: Environment = process.env): Promise<App> {
  const file = await findManifest(resolve(path));
  const kind = extname(file);
  if (SOURCE_EXTENSIONS.includes(kind)) return singleSourceApp(file);
  const shown = displayed(file);
  if (!['.yaml', '.yml', '.json'].includes(kind))
    throw noApp(file, `an app is a folder, a ${WEFT_YAML}, a ${FUNC_CONFIG}, or a C or C++ source (${SOURCE_EXTENSIONS.join(', ')})`);
  const content = await readText(file, MAX_MANIFEST_BYTES);
  if ('problem' in content) throw manifestError(shown, content.problem);
  return parserFor(basename(file), content.text)({ text: content.text, path: file, dir: dirname(file), shown, environment });
}

interface ManifestFile {
  readonly text: string;
  readonly path: string;
  readonly dir: string;
  readonly shown: string;
  readonly environment: Environment;
}

/** By its name, or by what it begins with: OpenFaaS's tool takes a file of any name. */
function parserFor(name: string, text: string): (file: ManifestFile) => Promise<App> {
  const has = (key: string): boolean => new RegExp(`^${key}[ \\t]*:`, 'm').test(text);
  if (FUNC_FILES.includes(name)) return parseFuncYaml;
  if (extname(name) === '.json') return (file) => parseNightcoreConfig(file.text, file.path, file.shown);
  if (STACK_FILES.includes(name) || (has('provider') && has('functions') && !has('app'))) return parseStackYaml;
  if (FN_APP_FILES.includes(name) && !has('functions') && !has('app')) return parseFnApp;
  return (file) => parseWeftYaml(file.text, file.path, file.shown, file.environment);
}

/** The file that says what the app is. */
async function findManifest(path: string): Promise<string> {
  const names = await entriesOf(path);
  if (!names) return path;
  const known = MANIFESTS.find((name) => names.includes(name));
  if (known !== undefined) return join(path, known);
  const sources = names.filter((name) => SOURCE_EXTENSIONS.includes(extname(name)));
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return join(path, only);
  const slip = names.find((name) => name !== WEFT_YAML && didYouMean(name, [WEFT_YAML]) !== '');
  if (slip !== undefined)
    throw manifestError(displayed(path), `there is no ${WEFT_YAML}, but ${quote(slip)}; rename it, or name the file itself`);
  if (sources.length > 1)
    throw manifestError(displayed(path), `there is no ${WEFT_YAML} to say which of its ${sources.length} sources make which function`);
  throw noApp(path, `it has no ${WEFT_YAML}, and no C or C++ source`);
}

function noApp(path: string, reason: string, cause?: unknown): WeftError {
  return new WeftError('WEFT_NO_APP', { path: displayed(path), reason }, cause === undefined ? {} : { cause });
}

/** Names in a folder; nothing when it is a file. */
async function entriesOf(path: string): Promise<readonly string[] | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return (await readdir(path)).toSorted();
    if (found.isFile()) return undefined;
  } catch (error) {
    throw noApp(path, reasonOf(error), error);
  }
  throw noApp(path, 'it is neither file nor folder');
}
