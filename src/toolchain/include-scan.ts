/**
 * The files that a source may include, found by reading: the embedded compiler has no file system but what it is given. All
 * directives count, whatever `#if` they stand in; too many files are only a little work. What is found nowhere is the toolchain's own.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SearchPath } from './compiler.ts';
import { regularFile } from './regular-file.ts';

const DIRECTIVE =
  /^[ \t]*(?:#|%:)[ \t]*(include_next|include|import|embed)\b(?:[ \t]|\/\*.*?\*\/)*(?:"([^"\n]+)"|<([^>\n]+)>)|\b(__has_include(?:_next)?|__has_embed)[ \t]*\([ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)/gm;
const MAX_BYTES = 256 * 1024 * 1024;

export class IncludeScan {
  /** Absolute path → content. */
  readonly files = new Map<string, Uint8Array>();
  readonly #search: SearchPath;
  #bytes = 0;

  constructor(search: SearchPath) {
    this.#search = search;
    for (const path of search.forced) this.#visit([path]);
  }

  /** Adds what a file includes, and what that includes. */
  add(path: string, content: Uint8Array): void {
    const found = this.#includedBy(path, content);
    this.#visit(found);
  }

  /** Looks for a file whose name the scan could not see (a macro's work); whether there is one that is new. */
  addNamed(name: string, from: string): boolean {
    const found = this.#resolve(name, dirname(from), true).filter((path) => !this.files.has(path));
    this.#visit(found);
    return found.some((path) => this.files.has(path));
  }

  #visit(paths: readonly string[]): void {
    const left = [...paths];
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      if (this.files.has(path)) continue;
      const content = readRegularFile(path, MAX_BYTES - this.#bytes);
      if (!content) continue;
      this.files.set(path, content);
      this.#bytes += content.length;
      left.push(...this.#includedBy(path, content));
    }
  }

  #includedBy(path: string, content: Uint8Array): string[] {
    const text = Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1');
    return [...text.matchAll(DIRECTIVE)].flatMap(([, , quoted1, angled1, , quoted2, angled2]) => {
      const quoted = quoted1 ?? quoted2;
      return this.#resolve(fromLatin1(quoted ?? angled1 ?? angled2 ?? ''), dirname(path), quoted !== undefined);
    });
  }

  /** Every place it could be at: which of them counts is the compiler's to say (`#include_next`). */
  #resolve(name: string, from: string, quoted: boolean): string[] {
    const folders = quoted ? [from, ...this.#search.quote, ...this.#search.all] : this.#search.all;
    return folders.map((folder) => resolve(folder, name)).filter((path) => regularFile(path));
  }
}

const fromLatin1 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');

function readRegularFile(path: string, maxBytes: number): Uint8Array | undefined {
  try {
    const info = regularFile(path);
    return info && info.size <= maxBytes ? readFileSync(path) : undefined;
  } catch {
    return undefined; // as if it were not there: the compiler will say so, with the line
  }
}
