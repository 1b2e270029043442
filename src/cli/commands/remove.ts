import { Command } from 'commander';
import { appOrFunctionName, jsonOption, type Remote, withGateway } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function removeCommand(terminal: Terminal): Command {
  return withGateway(
    new Command('remove')
      .alias('rm')
      .summary('take an app or a function out of service')
      .description('Takes an app out of service, or one function when no app has the name. Requests that run are answered.')
      .argument('<name>', 'name of the app or function', appOrFunctionName),
  )
    .addOption(jsonOption())
    .action(async (name: string, options: Remote) => {
      const { remove } = await import('../change.ts');
      await remove(terminal, name, options);
    });
}
