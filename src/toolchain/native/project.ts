/**
 * A project with a build system of its own → program of this machine. It is built as its author builds it: with the compiler that it
 * names, or CC and CXX do. What the SDK adds comes by the environment.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf, keyOf } from '../hash.ts';
import { SDK, SDK_INCLUDE } from '../link-description.ts';
import { packagePath } from '../projects/function-program.ts';
import { type ProjectSpec, runProject } from '../projects/project.ts';
import { searchedFirst } from '../projects/search-path.ts';
import type { NativeLinkable } from './build.ts';
import { findNativeCompiler } from './compilers.ts';

export async function buildNativeProject(
  cacheDir: string,
  spec: ProjectSpec,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (step: string) => void },
): Promise<NativeLinkable> {
  const { name, identity } = await findNativeCompiler('c', signal);
  const folder = join(
    cacheDir,
    'projects',
    keyOf('native project', identity, spec.kind, spec.dir, spec.target, spec.args, spec.entry ?? ''),
  );
  const made = await runProject(spec, folder, () => Promise.resolve([]), { signal, onProgress, env: environment() });
  const executable = await readFile(made.path);
  const { warnings, inputs } = made;
  const key = keyOf('native project', spec.dir, spec.target, hashOf(executable));
  return { key, toolchain: name, inputs, link: () => Promise.resolve({ executable, warnings }) };
}

/** Headers are found without a flag, CMake's packages by find_package, and sources by WEFT_SDK. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, ...packagePath(), CPATH: searchedFirst('CPATH', SDK_INCLUDE), WEFT_SDK: SDK };
}
