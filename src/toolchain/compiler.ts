/** What the embedded and the system's toolchain have in common. */
export type Language = 'c' | 'c++';

/** Folders where headers are looked for, absolute. */
export interface SearchPath {
  /** For `#include "…"` only. */
  readonly quote: readonly string[];
  /** For both forms, in order. */
  readonly all: readonly string[];
  /** Files included before the first line. */
  readonly forced: readonly string[];
}

export interface CompileJob {
  /** Absolute path; diagnostics name it. */
  readonly source: string;
  readonly content: Uint8Array;
  readonly language: Language;
  /** All but input, output and dependencies. Paths in them are absolute. */
  readonly flags: readonly string[];
  readonly search: SearchPath;
  /** See docs/decisions/2026-11-24-nightcore-sizeof.md. */
  readonly pointerSizes: boolean;
}

export interface Compiled {
  readonly object: Uint8Array;
  readonly warnings: string;
  /** Headers outside the toolchain: absolute path → SHA-256 of what the compiler read. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface LinkInput {
  /** What the linker calls it in its messages. */
  readonly name: string;
  readonly content: Uint8Array;
}

export interface LinkJob {
  readonly language: Language;
  readonly flags: readonly string[];
  readonly inputs: readonly LinkInput[];
}

export interface Linked {
  readonly wasm: Uint8Array;
  readonly warnings: string;
}

export interface Compiler {
  readonly kind: 'embedded' | 'system';
  /** Name and version: what an artifact says it was built with. */
  readonly name: string;
  /** All of the toolchain that decides what comes out; part of every cache key. */
  readonly identity: string;
  /** The C dialects by the names that this compiler has for them. */
  readonly c23: string;
  /** @throws CompilerFailure */
  compile(job: CompileJob, signal: AbortSignal): Promise<Compiled>;
  /** @throws CompilerFailure */
  link(job: LinkJob, signal: AbortSignal): Promise<Linked>;
}

/** The compiler or linker refused; `output` is what it wrote. */
export class CompilerFailure extends Error {
  readonly output: string;

  constructor(output: string) {
    super('the compiler failed');
    this.output = output;
  }
}
