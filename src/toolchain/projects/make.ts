/** GNU make or its like, in the project's own folder, as its author runs it. */
import { join } from 'node:path';
import { WeftError } from '../../model/errors.ts';
import { regularFile } from '../regular-file.ts';
import type { Drivers } from './drivers.ts';
import type { Project } from './project.ts';

/** The target is the file that make makes, or that with `.wasm` behind. */
export async function buildWithMake({ spec, args: variables, jobs, run }: Project): Promise<{ path: string; warnings: string }> {
  const { dir, target, args } = spec;
  const warnings = await run('make', [`-j${jobs}`, ...variables, ...args, '--', target], dir);
  const path = [target, `${target}.wasm`].map((name) => join(dir, name)).find((name) => regularFile(name));
  if (path !== undefined) return { path, warnings };
  throw new WeftError('WEFT_SOURCE_REFUSED', { path: join(dir, target), reason: 'make ended well, but there is no such file' });
}

export const variablesOf = ({ c, cxx, ar }: Drivers): string[] => [`CC=${c}`, `CXX=${cxx}`, `LD=${c}`, `AR=${ar}`, `RANLIB=${ar} s`];
