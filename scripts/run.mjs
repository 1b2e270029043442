/**
 * What `npm start`, `npm test`, `npm run check` and `npm run bench` do. Plain JavaScript for Node 20 and newer, without
 * dependencies: it runs before there are any. It sets up what is missing, then hands over to the pinned Node.
 */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDebianPackages } from './setup/debian-packages.mjs';
import { ensureBenchPackages, ensureNpmPackages } from './setup/npm-packages.mjs';
import { SetupError, say } from './setup/step.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const COMMANDS = {
  setup: async () => {
    await ensureNpmPackages(root);
    return 0;
  },
  start: async (args) => {
    await ensureNpmPackages(root);
    return run(join(root, 'weft'), ['up', ...(await exampleApps()), ...args]);
  },
  test: async (args) => runChecks('scripts/test.ts', args),
  check: async (args) => runChecks('scripts/check.ts', args),
  bench: async (args) => {
    const node = await ensureNpmPackages(root);
    await ensureDebianPackages('bench');
    await ensureBenchPackages(root);
    return run(node, [join(root, 'bench/run.ts'), ...args]);
  },
};

async function runChecks(script, args) {
  const node = await ensureNpmPackages(root);
  const complete = await ensureDebianPackages('test');
  // With everything there, a test that says that something is missing is wrong: it fails instead of being skipped.
  const env = complete || process.env.CI === 'true' ? { WEFT_TEST_REQUIRE_ALL: '1' } : {};
  return run(node, [join(root, script), ...args], env);
}

async function exampleApps() {
  const entries = await readdir(join(root, 'examples'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join('examples', entry.name))
    .sort();
}

/** Without the programs of packages, which npm puts first: clang would run a wasm-opt that it finds there, and nobody asked for it. */
const userPath = (path = '') =>
  path
    .split(delimiter)
    .filter((folder) => !/[\\/](node_modules[\\/]\.bin|node-gyp-bin)$/.test(folder))
    .join(delimiter);

/** Runs to its end with our terminal; signals reach it too, and its exit code is ours. */
function run(file, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: userPath(process.env.PATH), ...env } });
    const pass = (signal) => child.kill(signal);
    process.on('SIGTERM', pass);
    // The terminal sends Ctrl-C to the whole group; we only wait for the child to finish with it.
    process.on('SIGINT', () => {});
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

async function main([name, ...args]) {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (command === undefined) {
    say(`No command "${name ?? ''}"; there are: ${Object.keys(COMMANDS).join(', ')}`);
    return 2;
  }
  try {
    return await command(args);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    say(`  to mend it: ${error.hint}`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
