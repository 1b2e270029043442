/** `weft build`: modules as files. */
import { rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { WeftError } from '../model/errors.ts';
import { createBuilder, type ToolchainChoice } from '../toolchain/index.ts';
import { BuildProgress } from './build-progress.ts';
import { type BuiltApp, bundleApp, settled } from './bundle.ts';
import { makeFolder } from './make-folder.ts';
import { cacheFolder, dataFolder } from './places.ts';
import { type LoadedApp, loadSomeApps, sayNotes } from './project.ts';
import type { Terminal } from './terminal.ts';

export interface BuildOptions {
  readonly output?: string;
  readonly toolchain: ToolchainChoice;
}

export async function build(terminal: Terminal, paths: readonly string[], { output, toolchain }: BuildOptions): Promise<void> {
  const loaded = await loadSomeApps(paths);
  const built = await buildApps(terminal, loaded, toolchain);
  for (const [at, { app }] of loaded.entries()) {
    const folder = output ?? join(app.dir, 'build');
    await makeFolder(folder);
    for (const { settings, wasm, executable } of built[at]?.bundle.functions ?? []) {
      const bytes = wasm ?? executable;
      if (!bytes) continue; // its program is in an image
      const path = join(folder, wasm ? `${settings.name}.wasm` : settings.name);
      await writeWhole(path, bytes, wasm ? 0o666 : 0o777).catch(refuse(path));
      const shown = relative('.', path);
      const key = built[at]?.artifacts.get(settings.name)?.key;
      terminal.data({ app: app.name, function: settings.name, path: shown, bytes: bytes.length, key }, shown);
    }
  }
}

/** Builds all apps at once with a compiler that ends afterwards. */
export async function buildApps(terminal: Terminal, loaded: readonly LoadedApp[], toolchain: ToolchainChoice): Promise<BuiltApp[]> {
  sayNotes(terminal, loaded);
  const cacheDir = await cacheFolder(process.env, await dataFolder(undefined, process.cwd()));
  const builder = await createBuilder({ cacheDir, toolchain });
  try {
    using progress = new BuildProgress(terminal);
    return await settled(loaded.map(({ app }) => bundleApp(app, { builder, progress })));
  } finally {
    await builder.close();
  }
}

/** Nobody who reads it meanwhile gets half of it. */
async function writeWhole(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`;
  await writeFile(unfinished, bytes, { mode });
  await rename(unfinished, path);
}

function refuse(path: string): (cause: Error) => never {
  return (cause) => {
    throw new WeftError('WEFT_FILE', { path, reason: cause.message }, { cause });
  };
}
