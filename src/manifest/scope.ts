/** Where one function's settings are read: its own first, then `defaults`; each with its place for what is wrong with it. */
import type { ManifestDocument, Path } from './document.ts';
import type { Report } from './lookup.ts';
import type { Mistakes } from './mistakes.ts';
import type { DefaultsShape, FunctionShape } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined when it is not set; what every object inherits, such as `toString`, is no variable. */
export function variableOf(environment: Environment, name: string): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined;
}

/** One manifest being read. */
export interface Reading {
  readonly document: ManifestDocument;
  readonly mistakes: Mistakes;
  /** Folder of the manifest. */
  readonly dir: string;
  readonly environment: Environment;
}

export class FunctionScope {
  readonly name: string;
  readonly own: FunctionShape;
  readonly reading: Reading;
  readonly #defaults: DefaultsShape;

  constructor(reading: Reading, name: string, own: FunctionShape, defaults: DefaultsShape) {
    this.reading = reading;
    this.name = name;
    this.own = own;
    this.#defaults = defaults;
  }

  get<K extends keyof DefaultsShape>(key: K): DefaultsShape[K] {
    return this.own[key] ?? this.#defaults[key];
  }

  // Mappings: the function's own entries over those of `defaults`.

  get limits(): NonNullable<DefaultsShape['limits']> {
    return { ...this.#defaults.limits, ...this.own.limits };
  }

  get env(): NonNullable<DefaultsShape['env']> {
    return { ...this.#defaults.env, ...this.own.env };
  }

  get secrets(): NonNullable<DefaultsShape['secrets']> {
    return { ...this.#defaults.secrets, ...this.own.secrets };
  }

  /** Reports at the value of that path; path steps as in the manifest, below the function. */
  at(...path: Path): Report {
    const { document, mistakes } = this.reading;
    return (text) => mistakes.add(document.place(this.#locate(path)), text);
  }

  /** Reports at the key. */
  atKey(...path: Path): Report {
    const { document, mistakes } = this.reading;
    return (text) => mistakes.add(document.keyPlace(this.#locate(path)), text);
  }

  /** A key of a mapping may come from `defaults` though the function has that mapping too. */
  #locate(path: Path): Path {
    const { document } = this.reading;
    const inherited = ['defaults', ...path];
    const own = ['functions', this.name, ...path];
    return document.valueAt(own) === undefined && document.valueAt(inherited) !== undefined ? inherited : own;
  }
}
