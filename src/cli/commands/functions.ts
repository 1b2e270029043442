import { Command } from 'commander';
import type { Terminal } from '../terminal.ts';

/** For completion: names, one a line; nothing at all when there is no platform to ask. */
export function functionsCommand(terminal: Terminal): Command {
  return new Command('__functions').action(async () => {
    const { names } = await import('../inspect.ts');
    for (const name of await names()) terminal.raw(`${name}\n`);
  });
}
