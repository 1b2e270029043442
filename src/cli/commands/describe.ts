import { Command } from 'commander';
import { functionName, jsonOption, type Remote, withGateway } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function describeCommand(terminal: Terminal): Command {
  return withGateway(
    new Command('describe')
      .summary('show all about one function')
      .description('Shows all about one function.')
      .argument('<function>', 'its name', functionName),
  )
    .addOption(jsonOption())
    .action(async (name: string, options: Remote) => {
      const { describe } = await import('../inspect.ts');
      await describe(terminal, name, options);
    });
}
