/** How a program ended, in the words of the platforms that ran it. */
import { constants } from 'node:os';
import type { ProgramEnd } from '../../drivers/wire.ts';

/** Bytes of output that an error shows, or a log keeps of an answer that nobody gets. */
const SHOWN_BYTES = 2048;
const KILLED_BY = 128;
const decoder = new TextDecoder();

/** Go's names of signals, which the watchdogs print. */
const SIGNALS: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGSYS: 'bad system call',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
  SIGUSR1: 'user defined signal 1',
  SIGUSR2: 'user defined signal 2',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'file size limit exceeded',
};

/** `exit status 3`, `signal: segmentation fault`; nothing when all went well. */
export function failureOf({ exitCode, signal }: ProgramEnd): string | undefined {
  if (signal !== undefined) return `signal: ${SIGNALS[signal] ?? signal}`;
  return exitCode === 0 ? undefined : `exit status ${exitCode}`;
}

/** As a shell and a container engine give it: a signal is 128 more than its number. */
export function exitCodeOf({ exitCode, signal }: ProgramEnd): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return signal === undefined ? exitCode : KILLED_BY + (numbers[signal] ?? 0);
}

/** The last of a stream, for an error or a log. */
export function lastOf(bytes: Uint8Array): string {
  const tail = bytes.length > SHOWN_BYTES ? bytes.subarray(bytes.length - SHOWN_BYTES) : bytes;
  return `${tail === bytes ? '' : '… '}${decoder.decode(tail).trimEnd()}`;
}
