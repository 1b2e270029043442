/** Debian packages that tests and measurements use. Weft itself needs none of them. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SetupError, say, step } from './step.mjs';

const runFile = promisify(execFile);

/** Newest that every distribution we know has, first; 16 is the oldest that Weft uses. */
const CLANG_VERSIONS = ['19', '18', '17', '16', '20', '21'];
const clangPackages = (v) => [`clang-${v}`, `lld-${v}`, `libc++-${v}-dev-wasm32`, `libclang-rt-${v}-dev-wasm32`];

const NEEDS = {
  test: {
    why: 'the tests build with a system compiler too, and over real libraries',
    packages: ['wasi-libc', 'g++', 'cmake', 'make', 'nlohmann-json3-dev', 'libstb-dev', 'libeigen3-dev'],
    clang: true,
    without: 'tests that need them are skipped',
  },
  bench: {
    why: 'Weft is measured against them',
    packages: ['nginx', 'wrk', 'gcc'],
    clang: false,
    without: 'their rows are not measured',
  },
};

/**
 * @param {'test' | 'bench'} purpose
 * @returns {Promise<boolean>} whether everything is there now
 */
export async function ensureDebianPackages(purpose) {
  const need = NEEDS[purpose];
  if (!(await exists('/usr/bin/dpkg-query'))) {
    say(
      `This is no Debian: ${need.without} where the system lacks ${need.packages.join(', ')}${need.clang ? ', clang 16 or newer with wasm-ld and a WASI sysroot' : ''}`,
    );
    return false;
  }
  const installed = await installedPackages();
  const missing = need.packages.filter((name) => !installed.has(name));
  const lacksClang = need.clang && !CLANG_VERSIONS.some((v) => clangPackages(v).every((name) => installed.has(name)));
  if (missing.length === 0 && !lacksClang) return true;
  const prefix = await asRoot();
  await readLists(prefix);
  if (lacksClang) missing.push(...clangPackages(await offeredClang()).filter((name) => !installed.has(name)));
  return install(need, missing, prefix);
}

async function install(need, missing, prefix) {
  const byHand = `sudo apt-get update && sudo apt-get install -y ${missing.join(' ')}`;
  if (prefix === undefined) return giveUp(`Not installed: ${missing.join(' ')} (${need.why}); ${need.without}`, byHand);
  // RUNLEVEL=1 keeps a daemon that comes with a package (nginx) from being started. sudo passes no environment on.
  const settings = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  const command = [...settings, 'apt-get', 'install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...missing];
  try {
    await step(`Installing Debian packages ${missing.join(' ')} (${need.why})`, [...prefix, ...command], { hint: byHand });
    return true;
  } catch (error) {
    return giveUp(`${error.message}\n${need.without}`, byHand);
  }
}

/** A fresh image has no lists of packages, an old one lists what is no longer served. */
async function readLists(prefix) {
  if (prefix === undefined) return;
  await step('Reading the lists of Debian packages', [...prefix, 'apt-get', 'update']).catch((error) => say(error.message));
}

function giveUp(message, byHand) {
  if (process.env.CI === 'true') throw new SetupError(message, byHand);
  say(message);
  say(`  to have them: ${byHand}`);
  return false;
}

async function installedPackages() {
  const { stdout } = await runFile('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n'], { maxBuffer: 64 << 20 });
  return new Set(stdout.split('\n').flatMap((line) => (line.startsWith('installed ') ? [line.slice('installed '.length)] : [])));
}

/** The clang that this distribution offers with WebAssembly libraries. */
async function offeredClang() {
  for (const version of CLANG_VERSIONS) {
    if (await isOffered(clangPackages(version))) return version;
  }
  return CLANG_VERSIONS[0];
}

async function isOffered(names) {
  const { stdout } = await runFile('apt-cache', ['policy', ...names], { env: { ...process.env, LC_ALL: 'C' } }).catch(() => ({
    stdout: '',
  }));
  const candidates = stdout.split('\n').filter((line) => line.trim().startsWith('Candidate:'));
  return candidates.length === names.length && candidates.every((line) => !line.includes('(none)'));
}

/** @returns {Promise<string[] | undefined>} what to put before a command to run it as root; undefined when that cannot be had */
async function asRoot() {
  if (process.getuid?.() === 0) return [];
  try {
    await runFile('sudo', ['-n', 'true']);
    return ['sudo', '-n'];
  } catch {
    return undefined;
  }
}

async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
