/**
 * The C and C++ libraries of the embedded toolchain as files, for the system's clang: with the same headers, libc and libc++ both
 * toolchains give the same results. Distributions' libraries for WASI lack file systems, setjmp or current C++.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BUNDLE = import.meta.resolve('@yowasp/clang');
/** The folders in the package have the newer name of the target, which clang knows since version 19. */
const TARGET = { packed: 'wasm32-wasip1', known: 'wasm32-wasi' };

/**
 * Unpacks the libraries below `cache`, unless they are there. Several processes may do so at once: each unpacks aside and one's
 * rename wins.
 */
export async function unpackSysroot(cache: string): Promise<string> {
  const sysroot = join(cache, `sysroot-${await packageVersion()}`);
  if (await exists(sysroot)) return sysroot;
  await mkdir(dirname(sysroot), { recursive: true });
  const fresh = await mkdtemp(`${sysroot}.`);
  try {
    await run('tar', ['-xf', fileURLToPath(new URL('llvm-resources.tar', BUNDLE)), '-C', fresh]);
    for (const folder of ['include', 'lib']) await rename(join(fresh, folder, TARGET.packed), join(fresh, folder, TARGET.known));
    await rename(fresh, sysroot).catch(async (cause: unknown) => {
      if (!(await exists(sysroot))) throw cause;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return sysroot;
}

/** What the system's clang is told for every file, C and C++, and for linking. */
export const sysrootFlags = (sysroot: string): string[] => [`--target=${TARGET.known}`, `--sysroot=${sysroot}`];

/**
 * Beside these, for C++: libc++ warns in every file of a compiler older than itself. What it would find out of the compiler, without
 * the warning.
 */
export const SYSROOT_CXX_FLAGS: readonly string[] = [
  '-D_LIBCPP___CONFIGURATION_COMPILER_H',
  '-D_LIBCPP_COMPILER_CLANG_BASED',
  '-D_LIBCPP_CLANG_VER=(__clang_major__*100+__clang_minor__)',
];

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function packageVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', BUNDLE), 'utf8')) as { version: string }; // npm requires it
  return version;
}
