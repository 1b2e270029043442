/**
 * What one instance, with all that it starts, may use of memory, processes and processors: a control group of its own in each
 * hierarchy that this machine gives us.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { CONTROLLERS, type Controller, findParents, type Parent } from './cgroup-parents.ts';
import { isLeftover, ownPrefix } from './leftovers.ts';

/** The kernel's default: how often the share of a processor is counted anew. */
const CPU_PERIOD_US = 100_000;
const REMOVE_TRIES = 50;
const REMOVE_PAUSE_MS = 20;

export interface GroupLimits {
  readonly memoryBytes: number;
  readonly processes: number;
  /** Processors' worth of time; 0 = no limit. */
  readonly cpus: number;
}

export class ControlGroups {
  /** Controllers that cannot be had, and why. */
  readonly missing: ReadonlyMap<Controller, string>;
  readonly #parents: ReadonlyMap<Controller, Parent>;
  readonly #prefix = `${ownPrefix()}${randomBytes(4).toString('hex')}-`;
  #next = 0;

  /** Finds out what there is, and removes what platforms that are gone have left, with what still runs in it. */
  constructor() {
    const found = findParents();
    this.missing = new Map(CONTROLLERS.flatMap((name) => ('missing' in found[name] ? [[name, found[name].missing] as const] : [])));
    this.#parents = new Map(CONTROLLERS.flatMap((name) => ('parent' in found[name] ? [[name, found[name].parent] as const] : [])));
    for (const { folder } of this.#parents.values()) removeLeftovers(folder);
  }

  /** A group with these limits, as far as there are controllers. @throws Error of the file system */
  make({ memoryBytes, processes, cpus }: GroupLimits): ControlGroup {
    const name = `${this.#prefix}${this.#next++}`;
    const folders = new Map<string, Parent>();
    for (const parent of this.#parents.values()) folders.set(join(parent.folder, name), parent);
    const group = new ControlGroup([...folders.keys()], this.#folderOf('memory', name));
    try {
      for (const folder of folders.keys()) mkdirSync(folder);
      this.#limit('memory', name, (version) => (version === 1 ? memoryOne(memoryBytes) : memoryTwo(memoryBytes)));
      this.#limit('pids', name, () => [['pids.max', String(processes), 'needed']]);
      if (cpus > 0) this.#limit('cpu', name, (version) => cpu(version, cpus));
    } catch (cause) {
      void group.remove();
      throw cause;
    }
    return group;
  }

  #folderOf(controller: Controller, name: string): string | undefined {
    const parent = this.#parents.get(controller);
    return parent && join(parent.folder, name);
  }

  #limit(controller: Controller, name: string, settings: (version: 1 | 2) => readonly Setting[]): void {
    const parent = this.#parents.get(controller);
    if (!parent) return;
    for (const [file, value, need] of settings(parent.version)) {
      try {
        writeFileSync(join(parent.folder, name, file), value);
      } catch (cause) {
        if (need === 'needed') throw cause;
      }
    }
  }
}

/** Swap is not accounted on every kernel; where it is not, memory that was swapped out is not counted. */
type Setting = readonly [file: string, value: string, need: 'needed' | 'where accounted'];

function memoryOne(bytes: number): Setting[] {
  return [
    ['memory.limit_in_bytes', String(bytes), 'needed'],
    ['memory.swappiness', '0', 'where accounted'],
    ['memory.memsw.limit_in_bytes', String(bytes), 'where accounted'],
  ];
}

function memoryTwo(bytes: number): Setting[] {
  return [
    ['memory.max', String(bytes), 'needed'],
    ['memory.swap.max', '0', 'where accounted'],
  ];
}

function cpu(version: 1 | 2, cpus: number): Setting[] {
  const quota = String(Math.max(1000, Math.round(cpus * CPU_PERIOD_US)));
  if (version === 2) return [['cpu.max', `${quota} ${CPU_PERIOD_US}`, 'needed']];
  return [
    ['cpu.cfs_period_us', String(CPU_PERIOD_US), 'needed'],
    ['cpu.cfs_quota_us', quota, 'needed'],
  ];
}

export class ControlGroup {
  readonly #folders: readonly string[];
  readonly #memory: string | undefined;

  constructor(folders: readonly string[], memory: string | undefined) {
    this.#folders = folders;
    this.#memory = memory;
  }

  /** With all that it starts from now on. @throws Error of the file system */
  add(pid: number): void {
    for (const folder of this.#folders) writeFileSync(join(folder, 'cgroup.procs'), String(pid));
  }

  /** How many of its processes the kernel has killed for lack of memory. */
  get memoryKills(): number {
    if (this.#memory === undefined) return 0;
    const one = read(join(this.#memory, 'memory.oom_control'));
    const counted = /^oom_kill (\d+)$/m.exec(one === '' ? read(join(this.#memory, 'memory.events')) : one);
    // Kernels before 4.13 count only how often the limit was reached.
    return Number(counted?.[1] ?? (one === '' ? 0 : read(join(this.#memory, 'memory.failcnt'))));
  }

  kill(): void {
    for (const folder of this.#folders) killMembers(folder);
  }

  /** After its processes are gone. A group counts them a little longer than others do. */
  async remove(): Promise<void> {
    for (let tries = 0; tries < REMOVE_TRIES; tries++) {
      if (this.#folders.map(removeGroup).every(Boolean)) return;
      await sleep(REMOVE_PAUSE_MS);
      this.kill();
    }
  }
}

function removeLeftovers(parent: string): void {
  for (const name of list(parent)) {
    if (!isLeftover(name)) continue;
    const folder = join(parent, name);
    killMembers(folder);
    removeGroup(folder);
  }
}

function killMembers(folder: string): void {
  for (const pid of read(join(folder, 'cgroup.procs')).split('\n')) {
    try {
      if (Number(pid) > 0) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it has just ended
    }
  }
}

/** Whether it is gone. */
function removeGroup(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
