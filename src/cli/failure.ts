/** How a command fails: what is printed, and the exit code. */
import { ERRORS, WeftError } from '../model/errors.ts';
import type { Terminal } from './terminal.ts';

/** Prints what failed, why, and what to do. @returns the exit code */
export function reportFailure(terminal: Terminal, failure: unknown): number {
  const errors = flatten(failure).map(asWeftError);
  for (const error of errors) print(terminal, error);
  return errors[0]?.entry.exit ?? ERRORS.WEFT_INTERNAL.exit;
}

function flatten(failure: unknown): unknown[] {
  return failure instanceof AggregateError ? failure.errors.flatMap(flatten) : [failure];
}

function asWeftError(error: unknown): WeftError {
  if (error instanceof WeftError) return error;
  return new WeftError('WEFT_INTERNAL', { reason: error instanceof Error ? error.message : String(error) }, { cause: error });
}

function print(terminal: Terminal, error: WeftError): void {
  const { output } = error.details;
  const value = { error: { ...error.toJSON().error, ...(output === undefined ? {} : { output }) } };
  terminal.complain(value, lines(terminal, error).join('\n'));
}

function lines(terminal: Terminal, error: WeftError): string[] {
  const stack = error.code === 'WEFT_INTERNAL' && error.cause instanceof Error ? (error.cause.stack ?? '') : '';
  return [`${terminal.paint('red', 'weft:')} ${error.message.trimEnd()}`, `  ${error.hint}`, ...(stack === '' ? [] : [stack])];
}
