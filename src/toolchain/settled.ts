/** Sources may change while they are compiled: then what came out belongs to neither of their contents. */
import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Compiled } from './compiler.ts';

/** After so many times in a row what was compiled counts as what is there. */
const ATTEMPTS = 3;
/** The clock of a file system may be this much behind. */
const CLOCK_MS = 20;

/** Compiles until no header changed meanwhile. */
export async function compileSettled(compile: () => Promise<Compiled>): Promise<Compiled> {
  for (let attempt = 1; ; attempt++) {
    const started = Date.now() - CLOCK_MS;
    const compiled = await compile();
    if (attempt === ATTEMPTS || ![...compiled.headers.keys()].some((path) => changedSince(path, started))) return compiled;
  }
}

function changedSince(path: string, whenMs: number): boolean {
  const info = isAbsolute(path) ? statSync(path, { throwIfNoEntry: false }) : undefined;
  return !info || info.mtimeMs >= whenMs || info.ctimeMs >= whenMs;
}
