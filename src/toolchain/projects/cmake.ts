/** CMake, in a folder of ours; what it made it says in its file API. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { WeftError } from '../../model/errors.ts';
import { regularFile } from '../regular-file.ts';
import type { Drivers } from './drivers.ts';
import { programOf } from './function-program.ts';
import type { Project } from './project.ts';

const Index = z.object({ reply: z.object({ 'codemodel-v2': z.object({ jsonFile: z.string() }) }) });
const Codemodel = z.object({
  configurations: z.array(z.object({ targets: z.array(z.object({ name: z.string(), jsonFile: z.string() })) })),
});
const Target = z.object({ artifacts: z.array(z.object({ path: z.string() })).optional() });

export async function buildWithCmake({ spec, folder, args, jobs, run }: Project): Promise<{ path: string; warnings: string }> {
  const build = join(folder, 'build');
  const program = await programOf(spec, folder);
  const configured = join(folder, 'configured');
  if (!regularFile(configured)) {
    await mkdir(join(build, '.cmake/api/v1/query'), { recursive: true });
    await writeFile(join(build, '.cmake/api/v1/query/codemodel-v2'), '');
    const ours = ['-G', 'Unix Makefiles', '-DCMAKE_BUILD_TYPE=Release', ...args];
    await run('cmake', [...ours, ...program.args, '-S', program.dir, '-B', build], spec.dir);
    await writeFile(configured, '');
  }
  const warnings = await run('cmake', ['--build', build, '--parallel', String(jobs), '--target', program.target], spec.dir);
  return { path: await artifactOf(program.target, spec.dir, build), warnings };
}

/** @returns its path */
export async function writeToolchainFile(folder: string, drivers: Drivers): Promise<string> {
  const path = join(folder, 'toolchain.cmake');
  await writeFile(path, toolchainFile(drivers));
  return path;
}

/** CMake would try the compiler by linking a program, which has no function in it to enter. */
function toolchainFile({ c, cxx, ar }: Drivers): string {
  return [
    'set(CMAKE_SYSTEM_NAME Generic)',
    'set(CMAKE_SYSTEM_PROCESSOR wasm32)',
    'set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)',
    ...[['C_COMPILER', c] as const, ['CXX_COMPILER', cxx] as const, ['AR', ar] as const].map(
      ([name, path]) => `set(CMAKE_${name} ${bracketed(path)})`,
    ),
    `set(CMAKE_RANLIB ${bracketed(ar)})`,
    'set(CMAKE_C_ARCHIVE_FINISH "")',
    'set(CMAKE_CXX_ARCHIVE_FINISH "")',
    'set(CMAKE_EXECUTABLE_SUFFIX .wasm)',
    '',
  ].join('\n');
}

const bracketed = (path: string): string => `[==[${path}]==]`;

async function artifactOf(target: string, dir: string, build: string): Promise<string> {
  const reply = join(build, '.cmake/api/v1/reply');
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(reply, name), 'utf8')) as unknown;
  const index = (await readdir(reply))
    .filter((name) => name.startsWith('index-'))
    .sort()
    .at(-1);
  if (index === undefined) throw refused(dir, target, 'CMake did not say what it makes; 3.14 or newer is needed');
  const model = Codemodel.parse(await read(Index.parse(await read(index)).reply['codemodel-v2'].jsonFile));
  const described = model.configurations.flatMap(({ targets }) => targets).find(({ name }) => name === target);
  if (!described) throw refused(dir, target, 'the project has no target of that name');
  const [artifact] = Target.parse(await read(described.jsonFile)).artifacts ?? [];
  if (!artifact) throw refused(dir, target, 'that target makes no file; name an executable');
  return resolve(build, artifact.path);
}

function refused(dir: string, target: string, reason: string): WeftError {
  return new WeftError('WEFT_SOURCE_REFUSED', { path: `${dir} (target ${target})`, reason });
}
