/** Which apps a command is about when it is not told: the one of the current folder. */
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadApp, MANIFESTS } from '../manifest/index.ts';
import type { App } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import { settled } from './bundle.ts';
import type { Terminal } from './terminal.ts';

/** One that is mistyped is told by whoever reads it. */
const TRIED = [...MANIFESTS, 'weft.yml'];

export interface LoadedApp {
  /** What it was loaded from. */
  readonly path: string;
  readonly app: App;
}

/** What was named; or the app of the current folder; or none. */
export async function loadApps(paths: readonly string[]): Promise<LoadedApp[]> {
  const wanted = paths.length > 0 ? paths : (await hasManifest('.')) ? ['.'] : [];
  const loaded = await settled(wanted.map(async (path) => ({ path, app: await loadApp(path) })));
  refuseSameNames(loaded);
  return loaded;
}

export async function loadSomeApps(paths: readonly string[]): Promise<LoadedApp[]> {
  const loaded = await loadApps(paths);
  if (loaded.length === 0) throw new WeftError('WEFT_NO_APP', { path: resolve('.'), reason: 'it has no weft.yaml' });
  return loaded;
}

/** What an app's author should know about its manifest. */
export function sayNotes(terminal: Terminal, loaded: readonly LoadedApp[]): void {
  for (const { app } of loaded) for (const note of app.notes ?? []) terminal.say(`${app.name}: note: ${note}`);
}

async function hasManifest(folder: string): Promise<boolean> {
  const found = TRIED.map((name) =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).includes(true);
}

function refuseSameNames(loaded: readonly LoadedApp[]): void {
  const paths = new Map<string, string>();
  for (const { app, path } of loaded) {
    const other = paths.get(app.name);
    if (other !== undefined) {
      throw new WeftError('WEFT_USAGE', { reason: `${other} and ${path} are both the app "${app.name}"`, command: 'weft up --help' });
    }
    paths.set(app.name, path);
  }
}
