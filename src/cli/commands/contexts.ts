import { Command } from 'commander';
import type { Terminal } from '../terminal.ts';

/** For completion: names of contexts, one a line. */
export function contextsCommand(terminal: Terminal): Command {
  return new Command('__contexts').action(async () => {
    const { contextNames } = await import('../contexts/manage.ts');
    for (const name of await contextNames()) terminal.raw(`${name}\n`);
  });
}
