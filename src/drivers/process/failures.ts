/** What is told of an instance that did not come up, or ended in the middle of a request. */
import { WeftError } from '../../model/errors.ts';
import type { Exit, Launched } from './launch.ts';
import type { FunctionPlace } from './function-place.ts';

/** What a process wrote last. */
type Wrote = Pick<Launched, 'lastLines'>;

export function startFailed({ name }: FunctionPlace, process: Wrote, exit: Exit): WeftError {
  return new WeftError('WEFT_START_FAILED', { name, reason: withLastLines(howItEnded(exit), process.lastLines) });
}

export function crashed({ name, limits }: FunctionPlace, process: Wrote, exit: Exit): WeftError {
  if (exit.outOfMemory) return new WeftError('WEFT_MEMORY', { name, bytes: limits.memoryBytes });
  return new WeftError('WEFT_FUNCTION_CRASHED', { name, reason: withLastLines(howItEnded(exit), process.lastLines) });
}

export function withLastLines(reason: string, lines: readonly string[]): string {
  return lines.length === 0 ? reason : `${reason}; the last it wrote on standard error:\n${lines.join('\n')}`;
}

function howItEnded({ code, signal, outOfMemory }: Exit): string {
  if (outOfMemory) return 'its memory limit was reached';
  return signal === undefined ? `it exited with ${code}` : `it was ended by ${signal}`;
}
