import { Command } from 'commander';
import { functionName, jsonOption, readyContexts, type Remote, withGateway } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function scaleCommand(terminal: Terminal): Command {
  return withGateway(
    new Command('scale')
      .summary('make contexts of a function ready, or free them')
      .description(
        'Makes so many contexts of a function ready, in all engine threads together; 0 frees them. Requests make what they need in any case.',
      )
      .argument('<function>', 'its name', functionName)
      .argument('<contexts>', 'how many', readyContexts),
  )
    .addOption(jsonOption())
    .action(async (name: string, contexts: number, options: Remote) => {
      const { scale } = await import('../change.ts');
      await scale(terminal, name, { ...options, contexts });
    });
}
