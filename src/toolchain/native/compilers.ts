/** The system's own compilers, for programs of this machine: what CC and CXX say, and else what there is. */
import { tmpdir } from 'node:os';
import { WeftError } from '../../model/errors.ts';
import type { Language } from '../compiler.ts';
import { keyOf } from '../hash.ts';
import { findProgram, stateOf } from '../programs.ts';
import { runProcess } from '../run-process.ts';

export interface NativeCompiler {
  readonly program: string;
  /** Words that stand before all others, where CC has several. */
  readonly args: readonly string[];
  /** Name and version, as it says them. */
  readonly name: string;
  /** Changes whenever the compiler does. */
  readonly identity: string;
}

const KNOWN: Readonly<Record<Language, { variable: string; names: readonly string[]; what: string; packages: string }>> = {
  c: { variable: 'CC', names: ['cc', 'gcc', 'clang'], what: 'a C compiler', packages: 'gcc libc6-dev' },
  'c++': { variable: 'CXX', names: ['c++', 'g++', 'clang++'], what: 'a C++ compiler', packages: 'g++ libc6-dev' },
};

/** @throws WeftError WEFT_TOOLCHAIN_MISSING */
export async function findNativeCompiler(language: Language, signal: AbortSignal): Promise<NativeCompiler> {
  const { variable, names } = KNOWN[language];
  const [asked, ...args] = (process.env[variable] ?? '').split(' ').filter((word) => word !== '');
  for (const name of asked === undefined ? names : [asked]) {
    const program = await findProgram(name);
    if (program !== undefined) return describe(program, args, signal);
  }
  const reason = asked === undefined ? `no ${names.join(', ')} is in the PATH` : `${variable} names ${asked}, which is not there`;
  throw missingCompiler(language, reason);
}

export function missingCompiler(language: Language, reason: string): WeftError {
  const { what, packages } = KNOWN[language];
  const install = `Install one; on Debian and Ubuntu: sudo apt-get install ${packages}`;
  return new WeftError('WEFT_TOOLCHAIN_MISSING', { what, reason, install });
}

/** What a program said of itself, by its path and state. */
const described = new Map<string, NativeCompiler>();

async function describe(program: string, args: readonly string[], signal: AbortSignal): Promise<NativeCompiler> {
  const key = keyOf('native', program, args, await stateOf(program));
  const known = described.get(key);
  if (known) return known;
  const { stdout } = await runProcess(program, [...args, '--version'], { cwd: tmpdir(), signal });
  const [name = program] = stdout.trim().split('\n');
  const compiler = { program, args, name, identity: keyOf(key, name) };
  described.set(key, compiler);
  return compiler;
}
