/**
 * The user's compiler and linker flags, looked through once: those that would break the build or reach outside of it are refused,
 * paths become absolute, and what says where headers and libraries are is noted.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { WeftError } from '../model/errors.ts';
import type { SearchPath } from './compiler.ts';

const OUTPUT = 'Weft decides what is compiled from what to where';
const LOADS = 'it loads code into the compiler';
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^-(?:o.*|c|S|E|###|v|cc1.*|M(?!icrosoft).*|save-temps.*|emit-.*|fsyntax-only|ivfsoverlay.*)$/, OUTPUT],
  [/^-(?:x.*|target)$|^--(?!param|wrap|allow-undefined|export)/, OUTPUT],
  [/^-f(?:plugin|pass-plugin|modules|lto|thinlto|profile|coverage|sanitize).*|^-(?:load|B.*|Xlinker)$/, LOADS],
  [/^@/, 'flags cannot be read from a file'],
];
/** Options whose value is the next word. */
const WITH_VALUE = new Set([
  '-D',
  '-U',
  '-I',
  '-isystem',
  '-iquote',
  '-idirafter',
  '-include',
  '-imacros',
  '-mllvm',
  '-Xclang',
  '-L',
  '-l',
  '-z',
]);
const PATHS = /^(-isystem|-iquote|-idirafter|-include|-imacros|-I)(.*)$/;

export interface CompileFlags {
  readonly flags: readonly string[];
  readonly search: SearchPath;
}

/** Relative paths count from `dir`. @throws WeftError WEFT_FLAG_REFUSED */
export function readCompileFlags(given: readonly string[], dir: string): CompileFlags {
  const flags: string[] = [];
  const search = { quote: [] as string[], all: [] as string[], forced: [] as string[] };
  for (const { option, value } of words(given)) {
    const [, name, joined] = PATHS.exec(option) ?? [];
    if (name === undefined) {
      flags.push(option, ...(value === undefined ? [] : [value]));
      continue;
    }
    const path = resolve(dir, value ?? joined ?? '');
    flags.push(name, path);
    const kind = name === '-iquote' ? 'quote' : name === '-include' || name === '-imacros' ? 'forced' : 'all';
    search[kind].push(path);
  }
  return { flags, search };
}

export interface LinkFlags {
  readonly flags: readonly string[];
  /** Static libraries found where `-L` says, by `-l`: they are inputs like any other. */
  readonly libraries: readonly string[];
  /** What `-L` says, absolute. */
  readonly folders: readonly string[];
}

/** @throws WeftError WEFT_FLAG_REFUSED */
export function readLinkFlags(given: readonly string[], dir: string): LinkFlags {
  const flags: string[] = [];
  const folders: string[] = [];
  const libraries: string[] = [];
  for (const { option, value } of words(given)) {
    const argument = value ?? option.slice(2);
    if (option.startsWith('-L')) folders.push(resolve(dir, argument));
    else if (option.startsWith('-l')) {
      const found = folders.map((folder) => join(folder, `lib${argument}.a`)).find((path) => existsSync(path));
      if (found === undefined) flags.push(`-l${argument}`);
      else libraries.push(found);
    } else flags.push(option, ...(value === undefined ? [] : [value]));
  }
  return { flags, libraries, folders };
}

function* words(given: readonly string[]): Generator<{ option: string; value?: string }> {
  const left = given.values();
  for (const option of left) {
    ensureUsable(option);
    if (!WITH_VALUE.has(option)) {
      yield { option };
      continue;
    }
    const { value, done } = left.next();
    if (done) throw refused(option, 'its value is missing');
    if (option === '-Xclang') ensureUsable(value);
    yield { option, value };
  }
}

function ensureUsable(flag: string): void {
  const reason = REFUSED.find(([pattern]) => pattern.test(flag))?.[1];
  if (reason !== undefined) throw refused(flag, reason);
  if (!flag.startsWith('-')) throw refused(flag, 'it is not a flag; source files stand under "sources", libraries under "libraries"');
}

const refused = (flag: string, reason: string): WeftError => new WeftError('WEFT_FLAG_REFUSED', { flag: JSON.stringify(flag), reason });
