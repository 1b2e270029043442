/** Debian packages that tests and measurements use. Weft itself needs none of them. */
import { areOffered, installedPackages, installPackages, isDebian, readLists } from './apt.mjs';
import { SetupError, say } from './step.mjs';

/** Newest that every distribution we know has, first; 16 is the oldest that Weft uses. */
const CLANG_VERSIONS = ['19', '18', '17', '16', '20', '21'];
/** llvm: its llvm-ar makes the static libraries of wasm objects that tests link. */
const clangPackages = (v) => [`clang-${v}`, `lld-${v}`, `llvm-${v}`, `libc++-${v}-dev-wasm32`, `libclang-rt-${v}-dev-wasm32`];

const NEEDS = {
  test: {
    why: 'the tests build with a system compiler too, over real libraries, complete in the shells people use, and run processes and containers apart',
    packages: [
      'wasi-libc',
      'g++',
      'cmake',
      'make',
      'nlohmann-json3-dev',
      'libstb-dev',
      'libeigen3-dev',
      'zsh',
      'fish',
      'bubblewrap',
      'docker.io',
      'iproute2',
      'openssl',
    ],
    clang: true,
    without: 'Tests that need what is missing are skipped',
  },
  bench: {
    why: 'Weft is measured against them',
    packages: ['nginx', 'wrk', 'gcc', 'libc6-dev', 'bubblewrap', 'docker.io', 'iproute2'],
    clang: false,
    without: 'Rows that need what is missing are not measured',
  },
};

/**
 * @param {'test' | 'bench'} purpose
 * @returns {Promise<boolean>} whether everything is there now
 * @throws {SetupError} in CI, where nothing may be missing
 */
export async function ensureDebianPackages(purpose) {
  const need = NEEDS[purpose];
  if (!(await isDebian())) {
    say(
      `This is no Debian: what corresponds to ${need.packages.join(' ')}${need.clang ? ' clang lld' : ''} is yours to install. ${need.without}.`,
    );
    return false;
  }
  const installed = await installedPackages();
  const missing = need.packages.filter((name) => !installed.has(name));
  const lacksClang = need.clang && !CLANG_VERSIONS.some((v) => clangPackages(v).every((name) => installed.has(name)));
  if (missing.length === 0 && !lacksClang) return true;
  await readLists();
  if (lacksClang) missing.push(...clangPackages(await offeredClang()).filter((name) => !installed.has(name)));
  return installOrSay(need, missing);
}

async function installOrSay(need, missing) {
  try {
    await installPackages(missing, need.why);
    return true;
  } catch (error) {
    if (!(error instanceof SetupError) || process.env.CI === 'true') throw error;
    say(`${error.message}\n  to have them: ${error.hint}\n  ${need.without}.`);
    return false;
  }
}

/** The clang that this distribution offers with WebAssembly libraries. */
async function offeredClang() {
  for (const version of CLANG_VERSIONS) {
    if (await areOffered(clangPackages(version))) return version;
  }
  return CLANG_VERSIONS[0];
}
