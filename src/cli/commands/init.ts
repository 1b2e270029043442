import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import { INIT_KINDS, type InitKindName, type InitLanguage, languageFor } from '../init/kinds.ts';
import { jsonOption } from '../options.ts';
import { shellPath } from '../shell-path.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  readonly contract: InitKindName;
  readonly lang?: InitLanguage;
}

export function initCommand(terminal: Terminal): Command {
  return new Command('init')
    .summary('write a small app to start from')
    .description(
      `Writes a small app that works: a manifest, one function, and a test that serves and asks it. Files that are there already are never touched.

weft is Weft's own interface; stdio a program that reads standard input; nightcore Nightcore's interface; gcf (or functions-framework) Google's for C++; fn Fn's; http a server of one's own, which runs as a process.`,
    )
    .argument('[folder]', 'where to', '.')
    .addOption(new Option('--contract <name>', 'how the function is written').choices(Object.keys(INIT_KINDS)).default('weft'))
    .addOption(new Option('--lang <language>', 'its language (default: c; for gcf cpp)').choices(['c', 'cpp']))
    .addOption(jsonOption())
    .action((folder: string, options: Options) => init(terminal, folder, options));
}

async function init(terminal: Terminal, folder: string, { contract, lang }: Options): Promise<void> {
  const { writeApp } = await import('../init/write-app.ts');
  const kind = INIT_KINDS[contract];
  const app = await writeApp(folder, kind, languageFor(kind, lang));
  const files = app.files.map((file) => relative('.', file));
  terminal.data({ app: app.name, files }, files.join('\n'));
  const up = relative('.', folder) === '' ? 'weft up' : `weft up ${shellPath(folder)}`;
  terminal.say(`Serve it with: ${up}; test it with: sh ${shellPath(relative('.', join(folder, 'test.sh')))}`);
}
