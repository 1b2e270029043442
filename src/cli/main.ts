/** The entry of the command line. */
import { type Command, CommanderError } from 'commander';
import { ERRORS, WeftError } from '../model/errors.ts';
import { reportFailure } from './failure.ts';
import { createProgram } from './program.ts';
import { Terminal } from './terminal.ts';

async function main(words: readonly string[]): Promise<void> {
  const terminal = new Terminal(process, { json: wantsJson(words) });
  outliveTheReader(terminal);
  const program = createProgram(terminal);
  try {
    if (words.length > 0) await program.parseAsync(misspelt(program, words) ?? words, { from: 'user' });
    else showAllCommands(program);
  } catch (error) {
    process.exitCode = fail(terminal, error, ['weft', ...commandOf(program, words), '--help'].join(' '));
  }
}

function fail(terminal: Terminal, error: unknown, helpCommand: string): number {
  if (!(error instanceof CommanderError)) return reportFailure(terminal, error);
  if (error.exitCode === 0) return 0; // help and version were asked for
  if (error.code === 'commander.help') return ERRORS.WEFT_USAGE.exit; // shown where a command of a command was missing
  return reportFailure(terminal, usageError(error, helpCommand));
}

/** Commander shows all commands in place of the help of one that it does not know; asked to run it, it says which was meant. */
function misspelt(program: Command, [first, ...rest]: readonly string[]): readonly string[] | undefined {
  const name = first === 'help' ? rest[0] : rest.some(isHelpFlag) ? first : undefined;
  const known = name === undefined || name === 'help' || name.startsWith('-') || commandOf(program, [name]).length > 0;
  return known ? undefined : [name];
}

function isHelpFlag(word: string): boolean {
  return word === '-h' || word === '--help';
}

/** The names of the command, and of the command in it, that the words begin with. */
function commandOf(program: Command, words: readonly string[]): string[] {
  const found = program.commands.find((command) => [command.name(), ...command.aliases()].includes(words[0] ?? ''));
  return found === undefined ? [] : [found.name(), ...commandOf(found, words.slice(1))];
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

/** `weft logs -f | head`: nobody reads any more, and that is no error. A disk that is full is one. */
function outliveTheReader(terminal: Terminal): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const failed = error.code !== 'EPIPE';
    if (failed) failOnce(terminal, error);
    // What is done for more than its output is done to its end: of two apps, the second is deployed as well.
    if (terminal.passesOn) process.exit(failed ? ERRORS.WEFT_OUTPUT.exit : 0);
  });
  process.stderr.on('error', () => {}); // talk that nobody hears, or no disk takes; the work goes on
}

let outputFailed = false;

/** Each write would fail again. */
function failOnce(terminal: Terminal, cause: Error): void {
  if (outputFailed) return;
  outputFailed = true;
  const code = reportFailure(terminal, new WeftError('WEFT_OUTPUT', { reason: cause.message }, { cause }));
  process.once('exit', () => {
    process.exitCode ||= code;
  });
}

function usageError(error: CommanderError, command: string): WeftError {
  const reason = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new WeftError('WEFT_USAGE', { reason: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`, command }, { cause: error });
}

await main(process.argv.slice(2));
