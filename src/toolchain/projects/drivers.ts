/**
 * Compiler drivers for other build systems: two small programs that add to clang's command line what Weft would say, and the guest
 * runtime where something is linked. The project's own flags come behind, and win.
 */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractName } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import type { Language } from '../compiler.ts';
import type { RuntimePart } from '../guest-runtime.ts';
import { type LinkDescription, SDK_INCLUDE } from '../link-description.ts';
import { regularFile } from '../regular-file.ts';
import type { SystemCompiler } from '../system.ts';

/** clang stops before linking, or only says something about itself. */
const NOT_LINKING = '-c|-S|-E|-M|-MM|-fsyntax-only|-r|-v|-V|--version|-dump*|-print-*|--print-*|-qversion|-version|-###';

/** Programs that compile and link as Weft does. */
export interface Drivers {
  readonly c: string;
  readonly cxx: string;
  readonly ar: string;
}

export async function writeDrivers(
  folder: string,
  compiler: SystemCompiler,
  description: LinkDescription,
  contract: ContractName,
  parts: { readonly c: readonly RuntimePart[]; readonly cxx: readonly RuntimePart[] },
): Promise<Drivers> {
  const { archiver } = compiler.clang;
  if (!regularFile(archiver)) {
    const install = 'Install it beside clang; on Debian and Ubuntu: sudo apt-get install llvm (or llvm-19)';
    throw new WeftError('WEFT_TOOLCHAIN_MISSING', { what: 'llvm-ar', reason: 'there is none that belongs to this clang', install });
  }
  const driver = async (name: string, language: Language, runtime: readonly RuntimePart[]): Promise<string> => {
    const objects = await writeParts(join(folder, `${name}-`), runtime);
    return writeDriver(join(folder, name), {
      clang: [compiler.clang.path, ...(language === 'c' ? [] : ['--driver-mode=g++'])],
      compile: [
        ...compiler.flags[language],
        ...(description.userFlags?.[language] ?? []),
        ...description.contracts[contract].userFlags,
        `-I${SDK_INCLUDE}`,
      ],
      link: [
        ...description.linkFlags,
        ...(language === 'c' ? [] : (description.cxxLinkFlags ?? [])),
        ...description.contracts[contract].linkFlags,
        '-Wl,--strip-debug',
        ...objects,
        ...compiler.libraries[language],
      ],
    });
  };
  return { c: await driver('cc', 'c', parts.c), cxx: await driver('c++', 'c++', parts.cxx), ar: archiver };
}

async function writeParts(prefix: string, parts: readonly RuntimePart[]): Promise<string[]> {
  const loaded = await Promise.all(parts.map((part) => part.load()));
  return Promise.all(
    loaded.map(async ({ name, content }) => {
      const path = `${prefix}${name}`;
      await writeWhenChanged(path, Buffer.from(content));
      return path;
    }),
  );
}

async function writeDriver(
  path: string,
  { clang, compile, link }: { clang: readonly string[]; compile: readonly string[]; link: readonly string[] },
): Promise<string> {
  const start = [...clang, ...compile].map(quoted).join(' ');
  const script = [
    '#!/bin/sh',
    'for argument do',
    '  case $argument in',
    `    ${NOT_LINKING}) exec ${start} "$@" ;;`,
    '  esac',
    'done',
    `exec ${start} -Qunused-arguments "$@" ${link.map(quoted).join(' ')}`,
    '',
  ].join('\n');
  await writeWhenChanged(path, Buffer.from(script));
  await chmod(path, 0o755);
  return path;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** A newer file would make the build system build all again. */
async function writeWhenChanged(path: string, content: Buffer): Promise<void> {
  const before = await readFile(path).catch(() => undefined);
  if (!before?.equals(content)) await writeFile(path, content);
}
