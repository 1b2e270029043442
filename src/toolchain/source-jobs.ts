/** A function's own sources, as the manifest lists them → what there is to compile. */
import { dirname, extname, join } from 'node:path';
import type { BuildSpec, ContractName } from '../model/app.ts';
import type { CompileJob, Language } from './compiler.ts';
import { readCompileFlags } from './flags.ts';
import { SDK_INCLUDE } from './link-description.ts';
import { readInput, refusedSource } from './read-input.ts';
import { GLUE_FILE, targetGlue } from './target-glue.ts';

export type SourcesSpec = Extract<BuildSpec, { kind: 'sources' }>;

/** What differs from one kind of compiler to the other. */
export interface Dialect {
  /** Names for the newest standards. */
  readonly c23: string;
  readonly cxx23: string;
  /** Before the user's own. */
  readonly flags: Readonly<Record<Language, readonly string[]>>;
  readonly pointerSizes: boolean;
}

const LANGUAGES: Readonly<Record<string, Language>> = { '.c': 'c', '.cc': 'c++', '.cpp': 'c++', '.cxx': 'c++', '.c++': 'c++', '.C': 'c++' };
const MAX_SOURCE_BYTES = 64 * 1024 * 1024;

/** Relative paths in flags count from here. */
export const baseOf = (spec: SourcesSpec): string => dirname(spec.sources[0] ?? '/');

/** @throws WeftError WEFT_SOURCE_REFUSED, WEFT_FLAG_REFUSED */
export async function readJobs(spec: SourcesSpec, contract: ContractName, dialect: Dialect): Promise<CompileJob[]> {
  const jobs = spec.sources.map(async (path) => {
    const language = languageOf(path);
    return jobOf(path, language, await readInput(path, MAX_SOURCE_BYTES), spec, dialect);
  });
  const glue = targetGlue(spec, contract);
  const more = glue === undefined ? [] : [jobOf(join(baseOf(spec), GLUE_FILE), 'c++', Buffer.from(glue), spec, dialect)];
  return [...(await Promise.all(jobs)), ...more];
}

function jobOf(source: string, language: Language, content: Uint8Array, spec: SourcesSpec, dialect: Dialect): CompileJob {
  const { c23, cxx23, pointerSizes } = dialect;
  const standard = { c17: 'gnu17', c23, 'c++20': 'gnu++20', 'c++23': cxx23 }[language === 'c' ? spec.cStandard : spec.cppStandard];
  const { flags, search } = readCompileFlags(spec.flags, baseOf(spec));
  return {
    source,
    content,
    language,
    flags: [
      ...['-O2', `-std=${standard}`, ...dialect.flags[language]],
      ...spec.defines.map((define) => `-D${define}`),
      ...flags,
      ...[...spec.includeDirs, SDK_INCLUDE].map((dir) => `-I${dir}`),
    ],
    search: { ...search, all: [...search.all, ...spec.includeDirs, SDK_INCLUDE] },
    pointerSizes,
  };
}

function languageOf(source: string): Language {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(source)) throw refusedSource(JSON.stringify(source), 'its name has a control character');
  const language = LANGUAGES[extname(source)];
  if (language) return language;
  throw refusedSource(source, `only ${Object.keys(LANGUAGES).join(', ')} files are compiled; a static library stands under "libraries"`);
}
