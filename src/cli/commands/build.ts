import { Command, Option } from 'commander';
import type { BuildOptions } from '../build.ts';
import { jsonOption, toolchainOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function buildCommand(terminal: Terminal): Command {
  return new Command('build')
    .summary('compile apps to WebAssembly, without serving them')
    .description('Compiles the functions of apps and writes one .wasm file for each; prints their paths.')
    .argument('[app...]', 'folders, manifests or single C/C++ files (default: the current folder)')
    .addOption(new Option('-o, --output <folder>', 'where to (default: build in the folder of each app)'))
    .addOption(toolchainOption())
    .addOption(jsonOption())
    .action(async (paths: string[], options: BuildOptions) => {
      const { build } = await import('../build.ts');
      await build(terminal, paths, options);
    });
}
