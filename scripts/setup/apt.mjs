/** Installing Debian packages: as root, through a sudo that asks nothing, or not at all. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SetupError, say, step } from './step.mjs';

const runFile = promisify(execFile);

export async function isDebian() {
  return access('/usr/bin/dpkg-query').then(
    () => true,
    () => false,
  );
}

/** @param {readonly string[]} names */
function commandByHand(names) {
  return `sudo apt-get update && sudo apt-get install -y ${names.join(' ')}`;
}

/** @returns {Promise<Set<string>>} names */
export async function installedPackages() {
  const { stdout } = await runFile('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n'], { maxBuffer: 64 << 20 });
  return new Set(stdout.split('\n').flatMap((line) => (line.startsWith('installed ') ? [line.slice('installed '.length)] : [])));
}

/** A fresh image has no lists of packages, an old one lists what is no longer served. */
export async function readLists() {
  const prefix = await asRoot();
  if (prefix === undefined) return;
  await step('Reading the lists of Debian packages', [...prefix, 'apt-get', 'update']).catch((error) => say(String(error.message)));
}

/** Whether the lists have a version of each to install. */
export async function areOffered(names) {
  const { stdout } = await runFile('apt-cache', ['policy', ...names], { env: { ...process.env, LC_ALL: 'C' } }).catch(() => ({
    stdout: '',
  }));
  const candidates = stdout.split('\n').filter((line) => line.trim().startsWith('Candidate:'));
  return candidates.length === names.length && candidates.every((line) => !line.includes('(none)'));
}

/** @param {readonly string[]} names @param {string} why @throws {SetupError} with the command to run by hand */
export async function installPackages(names, why) {
  const hint = commandByHand(names);
  const prefix = await asRoot();
  if (prefix === undefined) throw new SetupError(`Not installed, and installing needs root: ${names.join(' ')} (${why})`, hint);
  // RUNLEVEL=1 keeps a daemon that comes with a package (nginx) from being started. sudo passes no environment on.
  const settings = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  const command = [...settings, 'apt-get', 'install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...names];
  await step(`Installing Debian packages ${names.join(' ')} (${why})`, [...prefix, ...command], { hint });
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
