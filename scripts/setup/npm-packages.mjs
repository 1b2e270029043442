/** node_modules as package-lock.json says, with the pinned Node in node_modules/.bin. Touches no network when all is there. */
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ensurePinnedNode } from './pinned-node.mjs';
import { SetupError, step } from './step.mjs';

/** Engine checks are off: the packages run on the pinned Node, npm on the system's. */
const NPM_CI = ['npm', 'ci', '--no-audit', '--no-fund', '--engine-strict=false', '--loglevel=error'];

/** @param {string} root the repository @returns {Promise<string>} path of the pinned Node */
export async function ensureNpmPackages(root) {
  const env = outsideEnv(root);
  const lock = await install(root, env, 'Installing npm packages, the pinned Node and a C/C++ compiler among them');
  return ensurePinnedNode(root, lock.packages['node_modules/node'].version, env);
}

/** What Weft is measured against: in bench/, so that nobody else waits for it. @param {string} root the repository */
export async function ensureBenchPackages(root) {
  await install(join(root, 'bench'), outsideEnv(root), 'Installing workerd from npm, 160 MB (Weft is measured against it)');
}

/** node_modules of the folder as its lock says. @returns the lock */
async function install(folder, env, what) {
  const lock = await readJson(join(folder, 'package-lock.json'));
  if (lock === undefined) throw new SetupError(`Cannot read ${join(folder, 'package-lock.json')}`, 'git checkout package-lock.json');
  const reason = differs(lock, await readJson(join(folder, 'node_modules/.package-lock.json')));
  if (reason === undefined) return lock;
  await step(`${what} (${reason})`, NPM_CI, {
    cwd: folder,
    env,
    hint: `the npm registry is needed this once; when "npm ping" succeeds, in ${folder}: ${NPM_CI.join(' ')}`,
  });
  return lock;
}

/**
 * The lock that npm keeps of what it installed is compared, not a stamp of our own: so an `npm install` by hand counts,
 * and a half-finished installation does not (npm writes its lock last).
 * @returns {string | undefined} why an installation is needed
 */
function differs(lock, installed) {
  if (installed === undefined) return 'node_modules is missing or unfinished';
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const present = installed.packages[path];
    // Optional packages are the other platforms' binaries: absence is right, another version is not.
    if (present === undefined && (wanted.optional || wanted.devOptional)) continue;
    const name = path.replace(/^.*node_modules\//, '');
    if (present === undefined) return `${name} is missing`;
    if (present.version !== wanted.version || present.integrity !== wanted.integrity) return `${name} is not ${wanted.version}`;
  }
  return undefined;
}

/** npm must run on the system's Node: `npm ci` deletes the pinned one, which npm's own scripts would otherwise find first. */
function outsideEnv(root) {
  const own = join(root, 'node_modules');
  const path = (process.env.PATH ?? '').split(delimiter).filter((dir) => !dir.startsWith(own));
  return { ...process.env, PATH: path.join(delimiter) };
}

async function readJson(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
