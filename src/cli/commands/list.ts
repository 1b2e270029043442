import { Command } from 'commander';
import { jsonOption, type Remote, withGateway } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function listCommand(terminal: Terminal): Command {
  return withGateway(
    new Command('list').alias('ls').summary('list the functions that are deployed').description('Lists the functions that are deployed.'),
  )
    .addOption(jsonOption())
    .action(async (options: Remote) => {
      const { list } = await import('../inspect.ts');
      await list(terminal, options);
    });
}
