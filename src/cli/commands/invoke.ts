import { Command, Option } from 'commander';
import type { InvokeOptions } from '../invoke.ts';
import { functionName, header, jsonOption, withPlatform } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function invokeCommand(terminal: Terminal): Command {
  const command = new Command('invoke')
    .summary('call a function')
    .description(
      `Calls a function over HTTP. The body of its answer goes to standard output as it is; the exit code is 0 when its status is below 400. What is piped in is the request's body.`,
    )
    .argument('<function>', 'its name', functionName)
    .addOption(new Option('-d, --data <text>', 'body of the request').conflicts('file'))
    .addOption(new Option('-f, --file <file>', 'file that is the body of the request; "-" is standard input'))
    .addOption(new Option('-X, --method <method>', 'HTTP method').default('POST'))
    .addOption(new Option('-p, --path <path>', 'path and query below the function, such as "/items?page=2"').default(''))
    .addOption(new Option('-H, --header <header>', '"Name: value"; can be given more than once').argParser(header))
    .addOption(new Option('-i, --include', 'print status and headers as well'));
  return withPlatform(command)
    .addOption(jsonOption())
    .action(async (name: string, options: InvokeOptions) => {
      const { invoke } = await import('../invoke.ts');
      process.exitCode = await invoke(terminal, name, options);
    });
}
