/** node_modules as package-lock.json says, with the pinned Node in node_modules/.bin. Touches no network when all is there. */
import { execFile } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { SetupError, step } from './step.mjs';

const runFile = promisify(execFile);
/** Engine checks are off: the packages run on the pinned Node, npm on the system's. */
const NPM_CI = ['npm', 'ci', '--no-audit', '--no-fund', '--engine-strict=false', '--loglevel=error'];

/** @param {string} root the repository @returns {Promise<string>} path of the pinned Node */
export async function ensureNpmPackages(root) {
  const lock = await readJson(join(root, 'package-lock.json'));
  if (lock === undefined) throw new SetupError(`Cannot read ${join(root, 'package-lock.json')}`, 'git checkout package-lock.json');
  const reason = differs(lock, await readJson(join(root, 'node_modules/.package-lock.json')));
  const env = outsideEnv(root);
  if (reason !== undefined) {
    await step(`Installing npm packages, the pinned Node and a C/C++ compiler among them (${reason})`, NPM_CI, {
      cwd: root,
      env,
      hint: `the npm registry is needed this once; when "npm ping" succeeds: ${NPM_CI.join(' ')}`,
    });
  }
  return ensurePinnedNode(root, lock.packages['node_modules/node'].version, env);
}

/**
 * The lock that npm keeps of what it installed is compared, not a stamp of our own: so an `npm install` by hand counts,
 * and a half-finished installation does not (npm writes its lock last).
 * @returns {string | undefined} why an installation is needed
 */
export function differs(lock, installed) {
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

async function ensurePinnedNode(root, version, env) {
  const node = join(root, 'node_modules/.bin/node');
  if ((await versionOf(node)) === `v${version}`) return node;
  // npm skips install scripts when told to (`ignore-scripts`) or not told otherwise (npm 11 and later): run this one ourselves.
  const hint = 'rm -rf node_modules && npm ci --foreground-scripts --ignore-scripts=false';
  await step(`Fetching Node ${version} from npm (Weft runs on it, whatever the system's Node is)`, ['node', 'installArchSpecificPackage'], {
    cwd: join(root, 'node_modules/node'),
    env,
    hint,
  });
  await linkNode(node);
  const found = await versionOf(node);
  if (found !== `v${version}`) throw new SetupError(`The pinned Node does not run: ${node} says ${found}, wanted v${version}`, hint);
  return node;
}

/** npm makes no link to a program that was not there yet. */
async function linkNode(node) {
  await symlink('../node/bin/node', node).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

async function versionOf(node) {
  try {
    return (await runFile(node, ['--version'])).stdout.trim();
  } catch (error) {
    return error.message;
  }
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
