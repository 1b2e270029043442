import { relative } from 'node:path';
import { Command, Option } from 'commander';
import type { ContractName } from '../../model/app.ts';
import type { InitLanguage } from '../init/write-app.ts';
import { jsonOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  readonly contract: ContractName;
  readonly lang: InitLanguage;
}

export function initCommand(terminal: Terminal): Command {
  return new Command('init')
    .summary('write a small app to start from')
    .description('Writes a small app that works: a manifest and one function. Files that are there already are never touched.')
    .argument('[folder]', 'where to', '.')
    .addOption(new Option('--contract <name>', 'how the function is written').choices(['weft', 'stdio', 'nightcore']).default('weft'))
    .addOption(new Option('--lang <language>', 'its language').choices(['c', 'cpp']).default('c'))
    .addOption(jsonOption())
    .action((folder: string, options: Options) => init(terminal, folder, options));
}

async function init(terminal: Terminal, folder: string, { contract, lang }: Options): Promise<void> {
  const { writeApp } = await import('../init/write-app.ts');
  const app = await writeApp(folder, contract, lang);
  const files = app.files.map((file) => relative('.', file));
  terminal.data({ app: app.name, files }, files.join('\n'));
  terminal.say(`Serve it with: weft up${folder === '.' ? '' : ` ${folder}`}`);
}
