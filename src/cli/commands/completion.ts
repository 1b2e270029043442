import { Argument, Command } from 'commander';
import { jsonOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';

type Shell = 'bash' | 'zsh' | 'fish';

export function completionCommand(terminal: Terminal, program: Command): Command {
  return new Command('completion')
    .summary('print a script that completes weft’s commands in your shell')
    .description(
      `Prints a script that completes commands, options and names of functions.

bash: add to ~/.bashrc            source <(weft completion bash)
zsh:  add to ~/.zshrc             source <(weft completion zsh)
fish: run once                    weft completion fish > ~/.config/fish/completions/weft.fish`,
    )
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addOption(jsonOption())
    .action(async (shell: Shell) => {
      const text = await script(shell, program);
      terminal.data({ shell, script: text }, text.replace(/\n$/, ''));
    });
}

async function script(shell: Shell, program: Command): Promise<string> {
  const { completionTree } = await import('../completion/tree.ts');
  const commands = completionTree(program);
  switch (shell) {
    case 'bash':
      return (await import('../completion/bash.ts')).bashCompletion(commands);
    case 'zsh':
      return (await import('../completion/zsh.ts')).zshCompletion(commands);
    case 'fish':
      return (await import('../completion/fish.ts')).fishCompletion(commands);
  }
}
