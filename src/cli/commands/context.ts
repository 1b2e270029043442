import { Command, Option } from 'commander';
import type { CreateOptions } from '../contexts/manage.ts';
import { jsonOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function contextCommand(terminal: Terminal): Command {
  const command = new Command('context')
    .alias('ctx')
    .helpCommand(false)
    .summary('keep names of platforms, and choose one')
    .description(
      `A context is a name for a platform: where it answers, and the user and password that its admin API wants. Commands talk to the one that --context or WEFT_CONTEXT names, else to the current one; --gateway and WEFT_GATEWAY go before a context. The context "default" is always there: it is the platform of this machine.

weft context create prod --gateway https://weft.example --password-file secret
weft context use prod
weft list
weft list --context default`,
    );
  const commands = [createCommand, useCommand, listCommand, showCommand, deleteCommand];
  for (const make of commands) command.addCommand(make(terminal));
  return command;
}

function createCommand(terminal: Terminal): Command {
  return new Command('create')
    .summary('give a platform a name')
    .description(
      'Keeps where a platform answers, and how to ask it, under a name. The file is for you alone. A password is never given as an argument, which lists of processes show to everybody.',
    )
    .argument('<new-name>', 'letters, digits, "-" and "_"')
    .addOption(new Option('--gateway <url>', 'where the platform answers; it must be told'))
    .addOption(new Option('--user <user>', 'for its admin API (default: admin)'))
    .addOption(new Option('--password-stdin', 'keep the password that comes on standard input').conflicts('passwordFile'))
    .addOption(new Option('--password-file <file>', 'read the password from this file, each time it is needed'))
    .addOption(new Option('--password [password]').hideHelp())
    .addOption(new Option('--description <text>', 'for people'))
    .addOption(new Option('--replace', 'put it in the place of the one with that name'))
    .addOption(jsonOption())
    .action(async (name: string, options: CreateOptions) => {
      const { createContext } = await import('../contexts/manage.ts');
      await createContext(terminal, name, options);
    });
}

function useCommand(terminal: Terminal): Command {
  return new Command('use')
    .summary('make a context the current one')
    .description('Makes a context the current one: commands talk to its platform from now on.')
    .argument('<context>', 'its name; "default" is the platform of this machine')
    .addOption(jsonOption())
    .action(async (name: string) => {
      const { useContext } = await import('../contexts/manage.ts');
      await useContext(terminal, name);
    });
}

function listCommand(terminal: Terminal): Command {
  return new Command('list')
    .alias('ls')
    .summary('list contexts')
    .description('Lists all contexts; the current one is marked. Passwords are not shown.')
    .addOption(jsonOption())
    .action(async () => {
      const { listContexts } = await import('../contexts/manage.ts');
      process.exitCode = await listContexts(terminal);
    });
}

function showCommand(terminal: Terminal): Command {
  return new Command('show')
    .alias('inspect')
    .summary('show all about one context')
    .description('Shows all about one context but its password.')
    .argument('[context]', 'its name (default: the current one)')
    .addOption(jsonOption())
    .action(async (name: string | undefined) => {
      const { showContext } = await import('../contexts/manage.ts');
      await showContext(terminal, name);
    });
}

function deleteCommand(terminal: Terminal): Command {
  return new Command('delete')
    .alias('rm')
    .summary('forget a context')
    .description('Forgets a context; its platform is not asked. The current one cannot be deleted, nor "default".')
    .argument('<context>', 'its name')
    .addOption(jsonOption())
    .action(async (name: string) => {
      const { deleteContext } = await import('../contexts/manage.ts');
      await deleteContext(terminal, name);
    });
}
