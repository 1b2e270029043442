/**
 * Compiler drivers for other build systems: two small programs that add to clang's command line what Weft would say, and the guest
 * runtime where something is linked. The project's own flags come behind, and win.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ContractName } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import type { Language } from '../compiler.ts';
import type { RuntimePart } from '../guest-runtime.ts';
import { type LinkDescription, SDK_INCLUDE } from '../link-description.ts';
import { regularFile } from '../regular-file.ts';
import type { SystemCompiler } from '../system.ts';

/** clang stops before linking, or only says something about itself. */
const NOT_LINKING = '-c|-S|-E|-M|-MM|-fsyntax-only|-r|-v|-V|--version|-dump*|-print-*|--print-*|-qversion|-version|-###';

/**
 * clang runs a wasm-opt that it finds behind the linker, over its output and in place: for seconds, with what features that one knows, and
 * differently on each machine. Weft rewrites the module itself. `--no-wasm-opt` came with clang 19.
 */
const NOTHING_TO_OPTIMISE = '#!/bin/sh\n';

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
  const programs = join(folder, 'programs');
  await writeProgram(join(programs, 'wasm-opt'), NOTHING_TO_OPTIMISE);
  const driver = async (name: string, language: Language, runtime: readonly RuntimePart[]): Promise<string> => {
    const objects = await writeParts(join(folder, `${name}-`), runtime);
    return writeDriver(join(folder, name), {
      programs,
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
  {
    programs,
    clang,
    compile,
    link,
  }: {
    /** Folder of programs that clang finds before others of their names. */
    readonly programs: string;
    readonly clang: readonly string[];
    readonly compile: readonly string[];
    readonly link: readonly string[];
  },
): Promise<string> {
  const start = [...clang, ...compile].map(quoted).join(' ');
  const script = [
    '#!/bin/sh',
    `PATH=${quoted(programs)}\${PATH:+:$PATH}`,
    'for argument do',
    '  case $argument in',
    `    ${NOT_LINKING}) exec ${start} "$@" ;;`,
    '  esac',
    'done',
    `exec ${start} -Qunused-arguments "$@" ${link.map(quoted).join(' ')}`,
    '',
  ].join('\n');
  await writeProgram(path, script);
  return path;
}

async function writeProgram(path: string, script: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeWhenChanged(path, Buffer.from(script));
  await chmod(path, 0o755);
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** A newer file would make the build system build all again. */
async function writeWhenChanged(path: string, content: Buffer): Promise<void> {
  const before = await readFile(path).catch(() => undefined);
  if (!before?.equals(content)) await writeFile(path, content);
}
