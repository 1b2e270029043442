/** weft-host (sdk/host): built when it is first needed, kept by what it was made from. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf, keyOf } from '../hash.ts';
import { SDK, SDK_INCLUDE } from '../link-description.ts';
import { regularFile } from '../regular-file.ts';
import { runProcess } from '../run-process.ts';
import { findNativeCompiler, missingCompiler } from './compilers.ts';

const SOURCES = join(SDK, 'host');
const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-O2', `-I${SDK_INCLUDE}`];
/** Behind the sources: older libraries have them apart. */
const LIBRARIES = ['-ldl', '-pthread'];
const BUILD_MS = 60_000;

/**
 * Where the program is, for the life of `cacheDir`. Several processes may ask at once.
 * @throws WeftError WEFT_TOOLCHAIN_MISSING when no compiler is there, or it lacks its headers
 */
export async function ensureHost(cacheDir: string): Promise<string> {
  const signal = AbortSignal.timeout(BUILD_MS);
  const compiler = await findNativeCompiler('c', signal);
  const files = await readSources();
  const parts = files.map(({ name, content }) => `${name} ${hashOf(content)}`);
  const folder = join(cacheDir, 'host');
  const path = join(folder, keyOf('host', compiler.identity, FLAGS, LIBRARIES, parts));
  if (regularFile(path)) return path;

  await mkdir(folder, { recursive: true });
  const aside = await mkdtemp(join(folder, 'unfinished-'));
  try {
    const sources = files.map(({ name }) => join(SOURCES, name)).filter((name) => name.endsWith('.c'));
    const args = [...compiler.args, ...FLAGS, ...sources, ...LIBRARIES, '-o', join(aside, 'weft-host')];
    const { ok, stderr } = await runProcess(compiler.program, args, { cwd: aside, signal });
    if (!ok) throw missingCompiler('c', `${compiler.name} cannot build weft-host: ${stderr.trim()}`);
    await chmod(join(aside, 'weft-host'), 0o555);
    await rename(join(aside, 'weft-host'), path);
    return path;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function readSources(): Promise<{ name: string; content: Buffer }[]> {
  const names = (await readdir(SOURCES)).filter((name) => /\.[ch]$/.test(name)).sort();
  return Promise.all(names.map(async (name) => ({ name, content: await readFile(join(SOURCES, name)) })));
}
