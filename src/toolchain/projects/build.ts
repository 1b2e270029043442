/** A project with a build system of its own → linked module. It compiles with the system's clang, as Weft calls it for other sources. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractName } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import type { Linkable } from '../build-sources.ts';
import type { Compiler } from '../compiler.ts';
import type { GuestRuntime } from '../guest-runtime.ts';
import { hashOf, keyOf } from '../hash.ts';
import type { LinkDescription } from '../link-description.ts';
import { SystemCompiler } from '../system.ts';
import { writeToolchainFile } from './cmake.ts';
import { writeDrivers } from './drivers.ts';
import { packagePath } from './function-program.ts';
import { variablesOf } from './make.ts';
import { type ProjectSpec, runProject } from './project.ts';

const SYSTEM_NEEDED =
  'Install clang and lld (Debian and Ubuntu: sudo apt-get install clang-19 lld-19 llvm-19), or list the sources in the manifest';

export async function buildProject(
  {
    compiler,
    runtime,
    description,
    cacheDir,
  }: { compiler: Compiler; runtime: GuestRuntime; description: LinkDescription; cacheDir: string },
  spec: ProjectSpec,
  contract: ContractName,
  running: { signal: AbortSignal; onProgress: (step: string) => void },
): Promise<Linkable> {
  if (!(compiler instanceof SystemCompiler)) {
    const reason = `${spec.kind} starts the compiler as a program, which the embedded one is not`;
    throw new WeftError('WEFT_TOOLCHAIN_MISSING', { what: `a project built with ${spec.kind}`, reason, install: SYSTEM_NEEDED });
  }
  const parts = { c: await runtime.parts(contract, 'c'), cxx: await runtime.parts(contract, 'c++') };
  const keys = [...parts.c, ...parts.cxx].map(({ key }) => key);
  const folder = join(
    cacheDir,
    'projects',
    keyOf('project', compiler.identity, spec.kind, spec.dir, spec.target, spec.args, spec.entry ?? '', contract, keys),
  );
  const args = async (): Promise<readonly string[]> => {
    const drivers = await writeDrivers(folder, compiler, description, contract, parts);
    return spec.kind === 'cmake' ? [`-DCMAKE_TOOLCHAIN_FILE=${await writeToolchainFile(folder, drivers)}`] : variablesOf(drivers);
  };
  // A build that starts another, as ExternalProject does, hands on only some of what it was told.
  const { archiver } = compiler.clang;
  const env = { ...process.env, ...packagePath(), AR: archiver, RANLIB: `${archiver} s` };
  const { path, warnings, inputs } = await runProject(spec, folder, args, { ...running, env });
  const wasm = await readFile(path);
  return {
    key: keyOf('project', spec.dir, spec.target, hashOf(wasm)),
    inputs,
    link: () => Promise.resolve({ wasm, warnings, compact: false }),
  };
}
