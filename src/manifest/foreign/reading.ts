/** A manifest of another platform while it is read: what is wrong goes to its mistakes, what differs here to its notes. */
import { ManifestDocument, type Path } from '../document.ts';
import { Mistakes } from '../mistakes.ts';
import { quote } from '../nearest.ts';
import type { Environment } from '../scope.ts';
import { MAX_MEMORY_BYTES, WASM_PAGE_BYTES } from '../../model/limits.ts';
import { isName } from '../../model/names.ts';
import { parseGoDuration, parseMemory } from './quantities.ts';
import { substitute } from './substitution.ts';

const MAX_DEADLINE_MS = 24 * 3_600_000;
const MAX_IDLE_MS = 500 * 3_600_000;

export type Report = (text: string) => void;

/** A text, or what YAML took for something else. */
export type Scalar = string | number | boolean | null;

export interface Source {
  readonly text: string;
  /** Folder of the file. */
  readonly dir: string;
  /** Its name in messages. */
  readonly shown: string;
  readonly environment: Environment;
}

export class ForeignReading {
  readonly document: ManifestDocument;
  readonly mistakes: Mistakes;
  readonly notes: string[] = [];
  readonly dir: string;
  readonly environment: Environment;

  /** @throws WeftError WEFT_MANIFEST when it is not YAML */
  constructor({ text, dir, shown, environment }: Source, variables: 'replaced' | 'kept') {
    this.mistakes = new Mistakes(shown);
    const replaced = variables === 'replaced' ? substitute(text, environment) : undefined;
    this.document = new ManifestDocument(replaced?.text ?? text, this.mistakes, replaced && { text, offsetOf: replaced.offsetOf });
    this.dir = dir;
    this.environment = environment;
    this.#refuseNul(this.document.value, []);
    this.mistakes.check();
  }

  /** C ends a text there, whatever it is for. */
  #refuseNul(value: unknown, path: Path): void {
    if (typeof value === 'string' && value.includes('\0')) this.at(...path)('this text has a NUL in it');
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inside] of Object.entries(value)) {
      const below = [...path, Array.isArray(value) ? Number(key) : key];
      if (key.includes('\0')) this.atKey(...below)('this key has a NUL in it');
      this.#refuseNul(inside, below);
    }
  }

  at(...path: Path): Report {
    return (text) => this.mistakes.add(this.document.place(path), text);
  }

  atKey(...path: Path): Report {
    return (text) => this.mistakes.add(this.document.keyPlace(path), text);
  }

  /** Says what is accepted and does something else here, or nothing. */
  note(text: string): void {
    this.notes.push(text);
  }

  /** As its author wrote it: 1.10 is not 1.1. */
  textAt(value: Scalar, ...path: Path): string {
    if (typeof value === 'string') return value;
    return value === null ? '' : this.document.written(path);
  }

  texts(values: Readonly<Record<string, Scalar>> | undefined, ...path: Path): Record<string, string> {
    return Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, this.textAt(value, ...path, key)]));
  }

  checkName(name: string, report: Report): void {
    if (!isName(name)) report(`${quote(name)} cannot be the name of a function here: up to 63 letters, digits, "-" and "_"`);
  }

  memory(text: string, report: Report): number {
    const bytes = parseMemory(text);
    if (bytes === undefined || bytes <= 0) report(`${quote(text)} is not a size, such as 128Mi`);
    const pages = Math.floor((bytes ?? 0) / WASM_PAGE_BYTES);
    return Math.min(Math.max(1, pages) * WASM_PAGE_BYTES, MAX_MEMORY_BYTES);
  }

  /** Of one request; at least a millisecond. */
  deadline(text: string, report: Report): number {
    return Math.min(Math.max(1, this.#duration(text, report)), MAX_DEADLINE_MS);
  }

  idle(text: string, report: Report): number {
    return Math.min(this.#duration(text, report), MAX_IDLE_MS);
  }

  #duration(text: string, report: Report): number {
    const ms = parseGoDuration(text);
    if (ms === undefined) report(`${quote(text)} is not a duration, such as 30s or 1m30s`);
    return ms ?? 0;
  }
}
