/** The entry of the command line. */
import { type Command, CommanderError } from 'commander';
import { ERRORS, WeftError } from '../model/errors.ts';
import { reportFailure } from './failure.ts';
import { createProgram } from './program.ts';
import { Terminal } from './terminal.ts';

async function main(words: readonly string[]): Promise<void> {
  const terminal = new Terminal(process, { json: wantsJson(words) });
  endQuietlyWithTheReader();
  const program = createProgram(terminal);
  try {
    if (words.length > 0) await program.parseAsync(words, { from: 'user' });
    else showAllCommands(program);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return; // help and version were asked for
    const command = ['weft', ...program.commands.map((each) => each.name()).filter((name) => name === words[0]), '--help'].join(' ');
    process.exitCode = reportFailure(terminal, error instanceof CommanderError ? usageError(error, command) : error);
  }
}

function showAllCommands(program: Command): void {
  program.outputHelp({ error: true });
  process.exitCode = ERRORS.WEFT_USAGE.exit;
}

/** Needed before the command line is understood, for mistakes in it; what follows "--" is no option. */
function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).includes('--json');
}

/** `weft logs -f | head`: nobody reads any more, and that is no error. */
function endQuietlyWithTheReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error; // talk that nobody hears; the work goes on
  });
}

function usageError(error: CommanderError, command: string): WeftError {
  const reason = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new WeftError('WEFT_USAGE', { reason: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`, command }, { cause: error });
}

await main(process.argv.slice(2));
