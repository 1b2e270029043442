/** What is wrong in one file: collected, so that all of it is told at once. */
import { WeftError } from '../model/errors.ts';

/** Line and column, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

interface Mistake extends Place {
  readonly text: string;
}

/** More than anyone mends in one go; the first ones often explain the rest. */
const MOST_TOLD = 20;

export class Mistakes {
  readonly file: string;
  readonly #found = new Map<string, Mistake>();

  constructor(file: string) {
    this.file = file;
  }

  get any(): boolean {
    return this.#found.size > 0;
  }

  /** The same mistake is told once, though several functions may stumble over it. */
  add({ line, column }: Place, text: string): void {
    this.#found.set(`${line}:${column}:${text}`, { line, column, text });
  }

  /** @throws WeftError WEFT_MANIFEST when there is any */
  check(): void {
    const sorted = [...this.#found.values()].toSorted((a, b) => a.line - b.line || a.column - b.column);
    const [first] = sorted;
    if (!first) return;
    const told = sorted.slice(0, MOST_TOLD).map((mistake) => `${this.file}:${mistake.line}:${mistake.column}: ${mistake.text}`);
    if (sorted.length > told.length) told.push(`and ${sorted.length - told.length} more`);
    const reason = told.length === 1 ? told.join('') : `${sorted.length} mistakes in ${this.file}\n  ${told.join('\n  ')}`;
    throw new WeftError('WEFT_MANIFEST', { reason, file: this.file, line: first.line, column: first.column });
  }
}

/** For what has no line: a file that is not there, say. */
export function manifestError(file: string, text: string, cause?: unknown): WeftError {
  return new WeftError('WEFT_MANIFEST', { reason: `${file}: ${text}`, file }, cause === undefined ? {} : { cause });
}
