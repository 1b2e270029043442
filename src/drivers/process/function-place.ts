/** What all instances of a function in this thread share on disk, and how it looks from inside. */
import { chmod, chown, copyFile, mkdir, stat } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import type { DrivenSource } from '../../engine/driver.ts';
import type { ProcessIsolation } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import type { Limits } from '../../model/limits.ts';
import { makeWritable, type RunFolder, writeReadable } from './run-folder.ts';
import { HOST, PROGRAM, SANDBOX_USER, SYSTEM_FOLDERS } from './sandbox.ts';

const OPENFAAS_SECRETS = '/var/openfaas/secrets';

export interface FunctionPlace {
  readonly name: string;
  readonly isolation: ProcessIsolation;
  readonly limits: Limits;
  /** Of its own, on this machine. */
  readonly folder: string;
  /** For the folders in which servers make their sockets, on this machine. */
  readonly sockets: string;
  /** In place of /tmp where there is no sandbox. */
  readonly scratch: string;
  /** weft-host and the function's program, on this machine. */
  readonly host: string;
  readonly program: string;
  /** The same two as they are named inside. */
  readonly seen: { readonly host: string; readonly program: string };
  /** Path that the function sees → path here. */
  readonly files: ReadonlyMap<string, string>;
  /** Counts what instances make in `folder`. */
  next(): number;
  /** The identity that its processes have on this machine, if it is not ours. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

export interface PlaceOptions {
  readonly source: DrivenSource;
  readonly isolation: ProcessIsolation;
  readonly host: string;
  readonly run: RunFolder;
  readonly sandboxed: boolean;
}

/** @throws WeftError WEFT_MODULE_REFUSED, WEFT_SANDBOX */
export async function makePlace({ source, isolation, host, run, sandboxed }: PlaceOptions): Promise<FunctionPlace> {
  const { spec, program } = source;
  const { name, limits } = spec;
  if (program === undefined) throw new WeftError('WEFT_MODULE_REFUSED', { name, reason: 'it has no program' });
  const [folder, sockets] = [await run.make('function'), await run.makeInMemory('sockets')];
  const user = process.getuid?.() === 0 ? SANDBOX_USER : undefined;
  const scratch = join(folder, 'tmp');
  await makeWritable(scratch, user);
  for (const mount of isolation.mounts) if (mount.writable && user) await grant(name, mount.from);
  const files = await writeFiles(join(folder, 'files'), source, isolation);
  let made = 0;
  const next = (): number => made++;
  const common = { name, isolation, limits, folder, sockets, scratch, files, next, user };
  if (sandboxed) return { ...common, host, program, seen: { host: HOST, program: PROGRAM } };
  const copies = { host: join(folder, 'host'), program: join(folder, 'program') };
  // Without a sandbox paths are what they are, and root's own folders are closed to who runs these.
  await copyExecutable(host, copies.host);
  await copyExecutable(program, copies.program);
  if (user) for (const path of [run.path, folder, run.memory, sockets]) await chmod(path, 0o711);
  return { ...common, ...copies, seen: copies };
}

/**
 * Root's folder that the function shall write to: its group is made that of functions, as Kubernetes does it (fsGroup). Only the folder
 * itself is; the owner of what is in it stays who it was.
 */
async function grant(name: string, path: string): Promise<void> {
  const { uid, gid, mode } = await stat(path);
  const { uid: user, gid: group } = SANDBOX_USER;
  if (uid === user || (gid === group && (mode & 0o070) === 0o070) || (mode & 0o007) === 0o007) return;
  if (uid !== 0) {
    const reason = `its mount ${path} is to be written, and belongs to another user; let others write to it, or run Weft as that user`;
    throw new WeftError('WEFT_SANDBOX', { name, reason });
  }
  await chown(path, uid, group);
  await chmod(path, (mode & 0o7777) | 0o2070);
}

/**
 * What the function sees is mounted into its read-only root. A folder that is all ours is mounted as one; where the system or the manifest
 * has something, each file is, into what is there.
 */
async function writeFiles(folder: string, { spec, files }: DrivenSource, isolation: ProcessIsolation): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  const shared = new Set([...SYSTEM_FOLDERS, ...isolation.mounts.map(({ to }) => top(to))]);
  if (isolation.listen?.kind === 'unix') shared.add(top(isolation.listen.path));
  const write = async (path: string, content: Uint8Array | string): Promise<void> => {
    await writeReadable(join(folder, path), content);
    const whole = shared.has(top(path)) ? path : top(path);
    seen.set(whole, join(folder, whole));
  };
  for (const [path, content] of Object.entries(files)) await write(normalize(path), content);
  // Where programs written for OpenFaaS look for them.
  for (const [name, value] of Object.entries(spec.secrets)) await write(`${OPENFAAS_SECRETS}/${name}`, value);
  const { workDir } = isolation;
  if (seen.has(top(workDir)) && !shared.has(top(workDir))) await mkdir(join(folder, workDir), { recursive: true, mode: 0o755 });
  return seen;
}

/** `/data` of `/data/words/de.txt`. */
function top(path: string): string {
  return `/${normalize(path).split('/')[1] ?? ''}`;
}

async function copyExecutable(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o555);
}
