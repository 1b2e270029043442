import { Command, Option } from 'commander';
import type { BenchOptions } from '../bench.ts';
import { functionName, header, jsonOption, positive, withPlatform } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function benchCommand(terminal: Terminal): Command {
  const command = new Command('bench')
    .summary('put a function under load and measure')
    .description(
      `Sends requests to a function over HTTP, one after the other on each connection, and prints requests a second and how long answers took. Sender and platform share this machine, so it shows what a function costs here rather than what a server could do.`,
    )
    .argument('<function>', 'its name', functionName)
    .addOption(new Option('-c, --connections <number>', 'requests at a time').argParser(positive).default(8))
    .addOption(new Option('-s, --seconds <number>', 'how long').argParser(positive).default(3))
    .addOption(new Option('-d, --data <text>', 'body of each request').default(''))
    .addOption(new Option('-X, --method <method>', 'HTTP method').default('POST'))
    .addOption(new Option('--path <path>', 'path and query below the function').default(''))
    .addOption(new Option('-H, --header <header>', '"Name: value"; can be given more than once').argParser(header));
  return withPlatform(command)
    .addOption(jsonOption())
    .action(async (name: string, options: BenchOptions) => {
      const { bench } = await import('../bench.ts');
      process.exitCode = await bench(terminal, name, options);
    });
}
