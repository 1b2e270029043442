/** Finds, for each controller, a control group in which this process may make others: version 1 and 2, delegated or not. */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { ownPrefix } from './leftovers.ts';

export const CONTROLLERS = ['memory', 'pids', 'cpu'] as const;
export type Controller = (typeof CONTROLLERS)[number];

export interface Parent {
  readonly version: 1 | 2;
  readonly folder: string;
}

export type Found = { readonly parent: Parent } | { readonly missing: string };

export function findParents(): Record<Controller, Found> {
  const mounts = readMounts();
  const memberships = read('/proc/self/cgroup').split('\n');
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  const two =
    unified &&
    findTwo(
      unified,
      pathIn(memberships, (names) => names[0] === ''),
    );
  const find = (controller: Controller): Found => {
    const one = mounts.find(({ type, options }) => type === 'cgroup' && options.includes(controller));
    if (one)
      return findOne(
        one,
        pathIn(memberships, (names) => names.includes(controller)),
      );
    return (
      two?.[controller] ?? { missing: `the kernel has no control groups for ${controller}, or they are not mounted at /sys/fs/cgroup` }
    );
  };
  return { memory: find('memory'), pids: find('pids'), cpu: find('cpu') };
}

interface CgroupMount {
  readonly type: 'cgroup' | 'cgroup2';
  readonly point: string;
  /** Which group of its hierarchy is seen at `point`. */
  readonly root: string;
  readonly options: readonly string[];
}

/** proc(5), mountinfo: fields, a hyphen, then type, source and options of the file system. */
function readMounts(): CgroupMount[] {
  return read('/proc/self/mountinfo')
    .split('\n')
    .flatMap((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [type, , options = ''] = after.split(' ');
      const [, , , root = '', point = ''] = before.split(' ');
      return type === 'cgroup' || type === 'cgroup2' ? [{ type, root, point, options: options.split(',') }] : [];
    });
}

/** This process's group in a hierarchy, from lines like `4:memory:/some/group`; version 2's has no name. */
function pathIn(memberships: readonly string[], is: (names: readonly string[]) => boolean): string {
  for (const line of memberships) {
    const [, names = '', ...path] = line.split(':');
    if (is(names.split(','))) return path.join(':');
  }
  return '/';
}

/** The process's own group, as a folder; the hierarchy's top when it cannot be seen from here, as in some containers. */
function ownFolder({ root, point }: CgroupMount, path: string): string {
  const below = root !== '/' && path.startsWith(root) ? path.slice(root.length) : path;
  const folder = join(point, below);
  try {
    accessSync(folder);
    return folder;
  } catch {
    return point;
  }
}

function findOne(mount: CgroupMount, path: string): Found {
  const folder = ownFolder(mount, path);
  const problem = tryMake(folder);
  return problem === undefined
    ? { parent: { version: 1, folder } }
    : { missing: `no control group can be made in ${folder} (${problem}): run Weft as root, or have root give that folder to its user` };
}

/**
 * A process is in one group of version 2, so all controllers are had from the same parent. A group with processes cannot hand controllers
 * on to groups below it (but for the topmost), so the search goes up from our own, to where most are to be had; what belongs to us there is
 * decided by the rights on the folder.
 */
function findTwo(mount: CgroupMount, path: string): Partial<Record<Controller, Found>> {
  const wanted = CONTROLLERS.filter((name) => words(join(mount.point, 'cgroup.controllers')).includes(name));
  let best: { readonly folder: string; readonly given: readonly Controller[] } = { folder: '', given: [] };
  const problems = new Map<Controller, string>();
  for (let folder = aboveLeaf(ownFolder(mount, path)); best.given.length < wanted.length; folder = dirname(folder)) {
    const given = wanted.filter((name) => {
      const problem = tryEnable(folder, name) ?? tryMake(folder) ?? tryMove(folder);
      if (problem !== undefined && !problems.has(name)) problems.set(name, `${folder}: ${problem}`);
      return problem === undefined;
    });
    if (given.length > best.given.length) best = { folder, given };
    if (folder === mount.point || folder === '/') break;
  }
  return Object.fromEntries(
    wanted.map((name) => {
      if (best.given.includes(name)) return [name, { parent: { version: 2, folder: best.folder } }];
      const how = 'start it with: systemd-run --user --scope -p Delegate=yes';
      return [name, { missing: `no control group for ${name} is delegated to this process (${problems.get(name)}); ${how}` }];
    }),
  );
}

/** What went wrong; nothing when groups below have the controller now. */
function tryEnable(folder: string, controller: Controller): string | undefined {
  const control = join(folder, 'cgroup.subtree_control');
  if (words(control).includes(controller)) return undefined;
  if (!words(join(folder, 'cgroup.controllers')).includes(controller)) return `${controller} is not there`;
  const problem = attempt(() => writeFileSync(control, `+${controller}`));
  if (problem === undefined || !isOursAlone(folder)) return problem;
  // We are what is in the way: a leaf below is as good a place for us.
  const leaf = join(folder, leafName());
  return attempt(() => {
    mkdirSync(leaf, { recursive: true });
    writeFileSync(join(leaf, 'cgroup.procs'), String(process.pid));
    writeFileSync(control, `+${controller}`);
  });
}

const leafName = (): string => `${ownPrefix()}platform`;

/** Another thread of this process may have moved it already. */
function aboveLeaf(folder: string): string {
  return basename(folder) === leafName() ? dirname(folder) : folder;
}

function isOursAlone(folder: string): boolean {
  return read(join(folder, 'cgroup.procs')).trim() === String(process.pid);
}

function tryMake(folder: string): string | undefined {
  const probe = join(folder, `${ownPrefix()}probe-${threadId}`);
  return attempt(() => {
    mkdirSync(probe, { recursive: true });
    rmdirSync(probe);
  });
}

/** Processes are moved by whoever may write to a group above both places. */
function tryMove(folder: string): string | undefined {
  return attempt(() => accessSync(join(folder, 'cgroup.procs'), constants.W_OK));
}

function attempt(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (cause) {
    return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  }
}

function words(path: string): string[] {
  return read(path).split(/\s/);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
