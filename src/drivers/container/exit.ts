import { constants } from 'node:os';

/** Of two names for one number the first is the usual one: SIGABRT, and not SIGIOT. */
const SIGNALS = new Map(
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name]),
);
/** What a container ends with when the kernel or somebody else kills it outright. */
const KILLED = 137;

/** How a container ended. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Why nobody knows how it ended; empty otherwise. */
  readonly unknown: string;
}

/** A shell, Docker's init and Docker itself give 128 and the signal's number for what a signal ended. */
export function signalOf({ exitCode }: ContainerEnd): string | undefined {
  return exitCode > 128 ? SIGNALS.get(exitCode - 128) : undefined;
}

/** Nobody but the kernel, for want of memory, kills a container so that Weft did not tell to end. */
export function ranOutOfMemory({ exitCode, oomKilled }: ContainerEnd): boolean {
  return oomKilled || exitCode === KILLED;
}

/** "exit code 3", and the last it printed to standard error. */
export function describeEnd(end: ContainerEnd, lastWords: string): string {
  const signal = signalOf(end);
  const how = end.unknown || (signal === undefined ? `exit code ${end.exitCode}` : `${signal} (exit code ${end.exitCode})`);
  const memory = ranOutOfMemory(end) ? ', out of memory' : '';
  return lastWords === '' ? `${how}${memory}` : `${how}${memory}; the last it printed:\n${lastWords}`;
}
