/** The command line as a whole: the commands, and what is the same for all of them. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { benchCommand } from './commands/bench.ts';
import { completionCommand } from './commands/completion.ts';
import { initCommand } from './commands/init.ts';
import { invokeCommand } from './commands/invoke.ts';
import type { Terminal } from './terminal.ts';

export function createProgram(terminal: Terminal): Command {
  const program = new Command('weft')
    .description('Run functions written in C and C++: from source to HTTP answer, on one machine.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .addHelpText('after', '\nTo begin: weft init first && weft up first; then: weft invoke first --data Ada');
  const commands = [initCommand(terminal), invokeCommand(terminal), benchCommand(terminal), completionCommand(terminal, program)];
  for (const command of commands) program.addCommand(command);
  return throwing(program);
}

/** Mistakes are thrown, and told as all errors are. */
function throwing(program: Command): Command {
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .helpOption('-h, --help', 'show help')
      .configureOutput({ outputError: () => {} });
  }
  return program;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version; // our own file
}
