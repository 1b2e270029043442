/** One function of a stack.yaml while it is read. */
import type { Path } from '../document.ts';
import type { ForeignReading, Report } from './reading.ts';
import type { StackFunction } from './stack-shape.ts';

export class StackEntry {
  readonly reading: ForeignReading;
  readonly name: string;
  readonly fn: StackFunction;
  /** Folders that OpenFaaS's tool copies to every handler. */
  readonly copied: readonly string[];

  constructor(reading: ForeignReading, name: string, fn: StackFunction, copied: readonly string[]) {
    this.reading = reading;
    this.name = name;
    this.fn = fn;
    this.copied = copied;
  }

  path(...below: Path): Path {
    return ['functions', this.name, ...below];
  }

  at(...below: Path): Report {
    return this.reading.at(...this.path(...below));
  }

  atKey(...below: Path): Report {
    return this.reading.atKey(...this.path(...below));
  }

  /** It may come from a file, and has no place here then. */
  atVariable(name: string): Report {
    return this.at('environment', name);
  }

  note(text: string): void {
    this.reading.note(`${this.name}: ${text}`);
  }
}
