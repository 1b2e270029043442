/** What a person names on the command line, as an App. */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { App } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import { SOURCE_EXTENSIONS } from './build.ts';
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

/**
 * @param path a folder with a weft.yaml or a func_config.json, or with one C or C++ file alone; or one of these files
 * @param environment where secrets come from
 * @throws WeftError WEFT_MANIFEST, with everything that is wrong; WEFT_NO_APP for a folder without any of these files
 */
export async function loadApp(path: string, environment: Environment = process.env): Promise<App> {
  const file = await findManifest(resolve(path));
  const kind = extname(file);
  if (SOURCE_EXTENSIONS.includes(kind)) return singleSourceApp(file);
  const shown = displayed(file);
  if (!['.yaml', '.yml', '.json'].includes(kind))
    throw manifestError(
      shown,
      `an app is a folder, a ${WEFT_YAML}, a ${FUNC_CONFIG}, or a C or C++ source (${SOURCE_EXTENSIONS.join(', ')})`,
    );
  const content = await readText(file, MAX_MANIFEST_BYTES);
  if ('problem' in content) throw manifestError(shown, content.problem);
  return kind === '.json' ? parseNightcoreConfig(content.text, file, shown) : parseWeftYaml(content.text, file, shown, environment);
}

/** The file that says what the app is. */
async function findManifest(path: string): Promise<string> {
  const names = await entriesOf(path);
  if (!names) return path;
  const known = [WEFT_YAML, FUNC_CONFIG].find((name) => names.includes(name));
  if (known !== undefined) return join(path, known);
  const sources = names.filter((name) => SOURCE_EXTENSIONS.includes(extname(name)));
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return join(path, only);
  const slip = names.find((name) => name !== WEFT_YAML && didYouMean(name, [WEFT_YAML]) !== '');
  if (slip !== undefined)
    throw manifestError(displayed(path), `there is no ${WEFT_YAML}, but ${quote(slip)}; rename it, or name the file itself`);
  if (sources.length > 1)
    throw manifestError(displayed(path), `there is no ${WEFT_YAML} to say which of its ${sources.length} sources make which function`);
  throw new WeftError('WEFT_NO_APP', { path: displayed(path) });
}

/** Names in a folder; nothing when it is a file. */
async function entriesOf(path: string): Promise<readonly string[] | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return (await readdir(path)).toSorted();
    if (found.isFile()) return undefined;
  } catch (error) {
    throw manifestError(displayed(path), reasonOf(error), error);
  }
  throw manifestError(displayed(path), `${basename(path)} is neither file nor folder`);
}
