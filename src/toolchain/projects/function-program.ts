/** Apps of Google's functions-framework define a library; the program around it is made by a project of ours, as their buildpack does. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SDK } from '../link-description.ts';
import { GLUE_FILE, targetGlue } from '../target-glue.ts';
import type { ProjectSpec } from './project.ts';
import { searchedFirst } from './search-path.ts';

const CMAKE_PACKAGES = join(SDK, 'cmake');

const FUNCTION_LIBRARY = 'functions_framework_cpp_function';
const PROGRAM = join(CMAKE_PACKAGES, 'functions_framework_cpp/program');

/** Where CMake finds the package that they ask for. */
export const packagePath = (): { CMAKE_PREFIX_PATH: string } => ({ CMAKE_PREFIX_PATH: searchedFirst('CMAKE_PREFIX_PATH', CMAKE_PACKAGES) });

/** What CMake is to build: the project as it is, or the program around its library. */
export async function programOf(spec: ProjectSpec, folder: string): Promise<{ dir: string; target: string; args: readonly string[] }> {
  if (spec.target !== FUNCTION_LIBRARY) return spec;
  const glue = join(folder, GLUE_FILE);
  const text = targetGlue(spec, 'functions-framework') ?? '// The app has a main of its own.\n';
  // A newer file would be compiled again.
  if ((await readFile(glue, 'utf8').catch(() => undefined)) !== text) await writeFile(glue, text);
  return { dir: PROGRAM, target: 'function', args: [...spec.args, `-DCNB_APP_DIR=${spec.dir}`, `-DWEFT_TARGET=${glue}`] };
}
