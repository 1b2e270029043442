/** Limits and times: from words to numbers, within what the platform can grant. */
import type { ContractName, Isolation } from '../model/app.ts';
import { DEFAULT_LIMITS, IDLE_MS, type Limits, MAX_MEMORY_BYTES, WASM_PAGE_BYTES } from '../model/limits.ts';
import type { FunctionScope } from './scope.ts';
import { parseDuration, parseSize, printDuration, printSize } from './units.ts';

const MAX_BODY_BYTES = 2 ** 30;
const MAX_DEADLINE_MS = 24 * 3_600_000;
/** Timers of Node hold 31 bits of milliseconds. */
const MAX_IDLE_MS = 500 * 3_600_000;
const MIN_STACK_BYTES = 4096;
const MAX_STACK_BYTES = 2 ** 30;
/** With up to 16 KiB of variables it fits into one page of memory, and rolling that back costs half of what two do. */
const STACK_BYTES = 48 * 1024;
/** A native program brings its libraries along. */
const PROCESS_MEMORY_BYTES = 128 * 2 ** 20;
/** Programs that were not written for a small stack often have a read buffer of 64 KiB on it. */
const STDIO_STACK_BYTES = 256 * 1024;

export function readLimits(scope: FunctionScope, kind: Isolation['kind']): Limits {
  const given = scope.limits;
  const bytes = (key: 'memory' | 'request' | 'response', least: number, most: number, otherwise: number): number => {
    const text = given[key];
    return text === undefined ? otherwise : within(scope, ['limits', key], text, parseSize(text), least, most, printSize);
  };
  const memory = bytes('memory', WASM_PAGE_BYTES, MAX_MEMORY_BYTES, kind === 'context' ? DEFAULT_LIMITS.memoryBytes : PROCESS_MEMORY_BYTES);
  return {
    memoryBytes: memory - (memory % WASM_PAGE_BYTES),
    deadlineMs: duration(scope, ['limits', 'deadline'], given.deadline, MAX_DEADLINE_MS, DEFAULT_LIMITS.deadlineMs),
    requestBytes: bytes('request', 0, MAX_BODY_BYTES, DEFAULT_LIMITS.requestBytes),
    responseBytes: bytes('response', 0, MAX_BODY_BYTES, DEFAULT_LIMITS.responseBytes),
    concurrency: given.concurrency ?? DEFAULT_LIMITS.concurrency,
    callDepth: given.callDepth ?? DEFAULT_LIMITS.callDepth,
  };
}

/** 0 stands for never. */
export function readIdle(scope: FunctionScope): number {
  const idle = scope.get('idle');
  return idle === 'never' ? 0 : duration(scope, ['idle'], idle, MAX_IDLE_MS, IDLE_MS);
}

/** 0 stands for never; nothing for what its contract is used to. */
export function readFreeze(scope: FunctionScope): number | undefined {
  const { freeze } = scope.own;
  if (freeze === undefined || freeze === 'never') return freeze && 0;
  return duration(scope, ['freeze'], freeze, MAX_IDLE_MS, MAX_IDLE_MS);
}

/** A multiple of 16, as the linker wants it. */
export function readStack(scope: FunctionScope, contract: ContractName, memoryBytes: number): number {
  const text = scope.get('stack');
  if (text === undefined) return Math.min(defaultStack(contract), memoryBytes / 2);
  const bytes = within(scope, ['stack'], text, parseSize(text), MIN_STACK_BYTES, MAX_STACK_BYTES, printSize);
  if (bytes >= memoryBytes) scope.at('stack')(`a stack of ${text} does not fit into the memory of ${printSize(memoryBytes)}`);
  return bytes - (bytes % 16);
}

export function defaultStack(contract: ContractName): number {
  return contract === 'stdio' || contract === 'functions-framework' ? STDIO_STACK_BYTES : STACK_BYTES;
}

function duration(scope: FunctionScope, path: readonly string[], text: string | undefined, most: number, otherwise: number): number {
  return text === undefined ? otherwise : within(scope, path, text, parseDuration(text), 1, most, printDuration);
}

function within(
  scope: FunctionScope,
  path: readonly string[],
  text: string,
  value: number,
  least: number,
  most: number,
  print: (value: number) => string,
): number {
  if (value < least || value > most) scope.at(...path)(`${path.join('.')} must be from ${print(least)} to ${print(most)}, not ${text}`);
  return Math.min(Math.max(value, least), most);
}
