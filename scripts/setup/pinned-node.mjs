/** The Node that package-lock.json pins, at node_modules/.bin/node: fetched if npm did not, and with the system libraries it needs. */
import { execFile } from 'node:child_process';
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installPackages, isDebian, readLists } from './apt.mjs';
import { SetupError, step } from './step.mjs';

const runFile = promisify(execFile);

/** What Node's binary is linked to and a minimal system lacks, and Debian's package for it. */
const LIBRARY_PACKAGES = { 'libatomic.so.1': 'libatomic1', 'libstdc++.so.6': 'libstdc++6', 'libgcc_s.so.1': 'libgcc-s1' };

/**
 * @param {string} root the repository
 * @param {string} version
 * @param {NodeJS.ProcessEnv} env in which `node` and `npm` are the system's
 * @returns {Promise<string>} its path
 */
export async function ensurePinnedNode(root, version, env) {
  const node = join(root, 'node_modules/.bin/node');
  try {
    const found = await makeRun(node, root, version, env);
    if (found.version === `v${version}`) return node;
    const problem = found.version === undefined ? found.problem : `it is ${found.version}, not v${version}`;
    throw new SetupError(`The pinned Node does not run: ${node}: ${problem}`, 'rm -rf node_modules && npm ci --ignore-scripts=false');
  } catch (error) {
    // npm scripts and ./weft find this one first: broken, it would keep them from coming here again.
    await rm(node, { force: true });
    throw error;
  }
}

async function makeRun(node, root, version, env) {
  let found = await runs(node);
  if (found.missingProgram) {
    await provide(node, root, version, env);
    found = await runs(node);
  }
  if (found.missingLibrary === undefined) return found;
  await installLibrary(found.missingLibrary);
  return runs(node);
}

/** npm skips install scripts when told to (`ignore-scripts`), and newer ones when not told otherwise: this one is run here. */
async function provide(node, root, version, env) {
  const folder = join(root, 'node_modules/node');
  if ((await runs(join(folder, 'bin/node'))).missingProgram) {
    const what = `Fetching Node ${version} from npm (Weft runs on it, whatever the system's Node is)`;
    const hint = 'rm -rf node_modules && npm ci --ignore-scripts=false';
    await step(what, ['node', 'installArchSpecificPackage'], { cwd: folder, env, hint });
  }
  await rm(node, { force: true });
  await symlink('../node/bin/node', node);
}

async function installLibrary(library) {
  const name = LIBRARY_PACKAGES[library];
  const why = `Node needs its ${library}`;
  if (name === undefined || !(await isDebian())) {
    throw new SetupError(
      `The pinned Node does not run: the system has no ${library}`,
      `install the package of your system that has ${library}`,
    );
  }
  await readLists();
  await installPackages([name], why);
}

async function runs(node) {
  try {
    return { version: (await runFile(node, ['--version'])).stdout.trim() };
  } catch (error) {
    const missingLibrary = /error while loading shared libraries: ([^:\s]+)/.exec(error.stderr ?? '')?.[1];
    return { problem: error.message, missingLibrary, missingProgram: error.code === 'ENOENT' };
  }
}
