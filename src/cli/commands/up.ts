import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { dataOption, jsonOption, port, positive, toolchainOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import type { UpOptions } from '../up/up.ts';

export function upCommand(terminal: Terminal): Command {
  return new Command('up')
    .summary('build apps, serve them, and do so again at every save')
    .description(
      `Builds apps, serves them over HTTP, and prints the address when they answer. Sources are watched: a change is built and deployed at once; what does not compile is told as the compiler told it, and the version before goes on answering.

Ctrl-C ends it when all running requests are answered; a second Ctrl-C at once.`,
    )
    .argument('[app...]', 'folders, manifests or single C/C++ files (default: the current folder; else what the data folder holds)')
    .addOption(new Option('-p, --port <number>', 'port; 0 is any free one').argParser(port).default(8080).env('WEFT_PORT'))
    .addOption(new Option('--host <address>', 'address to listen on; only this machine by default').default('127.0.0.1'))
    .addOption(dataOption())
    .addOption(
      new Option('--threads <number>', 'engine threads').argParser(positive).default(availableParallelism(), 'one a processor core'),
    )
    .addOption(toolchainOption())
    .addOption(new Option('--no-watch', 'do not follow changes of the sources'))
    .addOption(jsonOption())
    .action(async (paths: string[], options: UpOptions) => {
      const { up } = await import('../up/up.ts');
      process.exitCode = await up(terminal, paths, options);
    });
}
