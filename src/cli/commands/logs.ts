import { Command, Option } from 'commander';
import type { LogsOptions } from '../logs.ts';
import { count, functionName, jsonOption, moment, withGateway } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function logsCommand(terminal: Terminal): Command {
  const command = new Command('logs')
    .summary('print what a function wrote to its log')
    .description('Prints what a function, or all of them, wrote to the log, oldest first.')
    .argument('[function]', 'its name (default: all functions)', functionName)
    .addOption(new Option('-f, --follow', 'go on as more is written'))
    .addOption(new Option('--since <time>', 'only what is newer: 10m, 2h, or 2026-11-25T10:00:00Z').argParser(moment))
    .addOption(new Option('-n, --tail <lines>', 'only the last lines').argParser(count));
  return withGateway(command)
    .addOption(jsonOption())
    .action(async (name: string | undefined, options: LogsOptions) => {
      const { logs } = await import('../logs.ts');
      process.exitCode = await logs(terminal, name, options);
    });
}
