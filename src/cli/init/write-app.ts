/** A small app that works, as a start. Nothing that is there already is touched. */
import { access, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { WeftError } from '../../model/errors.ts';
import { makeFolder } from '../make-folder.ts';
import type { InitKind, InitLanguage } from './kinds.ts';

export interface NewApp {
  readonly name: string;
  readonly folder: string;
  readonly files: readonly string[];
}

export async function writeApp(folder: string, kind: InitKind, language: InitLanguage): Promise<NewApp> {
  const name = nameFrom(folder);
  const source = `${name}.${language}`;
  const files = {
    'weft.yaml': manifest(name, kind, source),
    [source]: await template(`${kind.contract}.${language}`),
    'test.sh': (await template('test.sh')).replaceAll('{name}', name),
  };
  await makeFolder(folder);
  const paths = Object.keys(files).map((file) => join(folder, file));
  for (const path of paths) await mustBeFree(path);
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text, { flag: 'wx' }).catch(refuse(folder));
  return { name, folder, files: paths };
}

function template(file: string): Promise<string> {
  return readFile(new URL(`templates/${file}`, import.meta.url), 'utf8');
}

function manifest(name: string, { contract, settings }: InitKind, source: string): string {
  const lines = [
    '# weft up serves it and does so again at every save; then: ' + `weft invoke ${name} --data Ada`,
    `app: ${name}`,
    'functions:',
    `  ${name}:`,
    `    contract: ${contract}`,
    `    sources: [${source}]`,
    ...settings.map((line) => `    ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Apps and functions have names that fit into a URL and a host name. */
function nameFrom(folder: string): string {
  const words = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^[^a-z]+|-+$/g, '');
  return words === '' ? 'app' : words;
}

async function mustBeFree(path: string): Promise<void> {
  const free = await access(path).then(
    () => false,
    () => true,
  );
  if (!free) throw new WeftError('WEFT_EXISTS', { path });
}

function refuse(folder: string): (cause: Error) => never {
  return (cause) => {
    throw new WeftError('WEFT_FILE', { path: folder, reason: cause.message }, { cause });
  };
}
