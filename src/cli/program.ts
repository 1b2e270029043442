/** The command line as a whole: the commands, and what is the same for all of them. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { benchCommand } from './commands/bench.ts';
import { buildCommand } from './commands/build.ts';
import { completionCommand } from './commands/completion.ts';
import { contextCommand } from './commands/context.ts';
import { contextsCommand } from './commands/contexts.ts';
import { deployCommand } from './commands/deploy.ts';
import { describeCommand } from './commands/describe.ts';
import { functionsCommand } from './commands/functions.ts';
import { initCommand } from './commands/init.ts';
import { invokeCommand } from './commands/invoke.ts';
import { listCommand } from './commands/list.ts';
import { logsCommand } from './commands/logs.ts';
import { removeCommand } from './commands/remove.ts';
import { scaleCommand } from './commands/scale.ts';
import { upCommand } from './commands/up.ts';
import type { Terminal } from './terminal.ts';

export function createProgram(terminal: Terminal): Command {
  const program = new Command('weft')
    .description('Run functions written in C and C++: from source to HTTP answer, on one machine.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .addHelpText('after', '\nTo begin: weft init first && weft up first; then: weft invoke first --data Ada');
  const commands = [
    upCommand(terminal),
    initCommand(terminal),
    buildCommand(terminal),
    deployCommand(terminal),
    invokeCommand(terminal),
    listCommand(terminal),
    describeCommand(terminal),
    logsCommand(terminal),
    scaleCommand(terminal),
    removeCommand(terminal),
    benchCommand(terminal),
    contextCommand(terminal),
    completionCommand(terminal, program),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of [functionsCommand(terminal), contextsCommand(terminal)]) program.addCommand(command, { hidden: true });
  return throwing(program);
}

/** Mistakes are thrown, and told as all errors are. */
function throwing(command: Command): Command {
  command
    .exitOverride()
    .helpOption('-h, --help', 'show help')
    .configureOutput({ outputError: () => {} });
  command.commands.forEach(throwing);
  return command;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version; // our own file
}
