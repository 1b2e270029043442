/** Which folders the command line uses when it is not told: data beside the project, the build cache and the contexts once for each user. */
import { access, constants, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { makeFolder } from './make-folder.ts';

const DATA = '.weft';

/**
 * The data folder: as told, or the `.weft` of the nearest folder upwards that has one, or else of the repository around the current
 * folder, or else of the current folder. So all commands of a project find the same one, wherever in it they are run.
 */
export async function dataFolder(told: string | undefined, cwd: string): Promise<string> {
  if (told !== undefined && told !== '') return resolve(cwd, told);
  const around = upwards(cwd);
  const present = await firstOf(around, (folder) => isOurs(join(folder, DATA)));
  const repository = present ?? (await firstOf(around, (folder) => exists(join(folder, '.git'))));
  return join(repository ?? cwd, DATA);
}

/** Makes it, so that version control does not see what is in it. @throws WeftError WEFT_FILE */
export async function makeDataFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  if (basename(folder) !== DATA) return;
  await writeFile(join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => {}); // there already, or told at the next write
}

/** The build cache: shared by all projects of a user; inside the data folder where there is no home to write to. */
export async function cacheFolder(environment: NodeJS.ProcessEnv, data: string): Promise<string> {
  const told = environment['WEFT_CACHE'];
  if (told !== undefined && told !== '') return resolve(told);
  const xdg = environment['XDG_CACHE_HOME'];
  const folder = join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'weft');
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
    return folder;
  } catch {
    return join(data, 'cache');
  }
}

/** Where a user's contexts are kept; nowhere when there is no home. It need not be there. */
export function configFolder(environment: NodeJS.ProcessEnv): string | undefined {
  const told = environment['WEFT_CONFIG'];
  if (told !== undefined && told !== '') return resolve(told);
  const xdg = environment['XDG_CONFIG_HOME'];
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'weft');
  const home = homeFolder();
  return home === undefined ? undefined : join(home, '.config', 'weft');
}

/** A user whom the system does not know, in a container say, has none unless HOME says so. */
function homeFolder(): string | undefined {
  try {
    return isAbsolute(homedir()) ? homedir() : undefined;
  } catch {
    return undefined;
  }
}

function upwards(from: string): string[] {
  const up = dirname(from);
  return up === from ? [from] : [from, ...upwards(up)];
}

async function firstOf(folders: readonly string[], holds: (folder: string) => Promise<boolean>): Promise<string | undefined> {
  for (const folder of folders) if (await holds(folder)) return folder;
  return undefined;
}

/** What another user left in a folder above (in /tmp, say) is not ours to serve. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() === true && (process.getuid === undefined || found.uid === process.getuid());
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
