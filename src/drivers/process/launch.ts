/** Starts one instance: the sandbox, in a control group of its own, with weft-host as its first program; and ends it again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '../../model/errors.ts';
import { type Emit, type LogLines, logStream } from '../log-lines.ts';
import type { Abilities } from './abilities.ts';
import { openArguments } from './arguments-file.ts';
import type { ControlGroup } from './cgroups.ts';
import type { HostEnds } from './frames.ts';
import type { FunctionPlace } from './function-place.ts';
import { removeFolder } from '../remove-folder.ts';
import { SANDBOX_USER, sandboxCommand } from './sandbox.ts';

/** What asks to be ended and is not gone after this is killed. */
const GRACE_MS = 5_000;
/** Processes of an instance that are not the function's: two of bubblewrap's, or three, and weft-host. */
const OWN_PROCESSES = 5;
/** What they, and the C library, use of memory beside the function. */
const OWN_MEMORY_BYTES = 8 * 1024 * 1024;

/** How an instance ended. */
export interface Exit {
  readonly code: number;
  /** Such as SIGSEGV. */
  readonly signal: string | undefined;
  /** The kernel killed one of its processes because its memory was used up. */
  readonly outOfMemory: boolean;
}

/**
 * Becomes what its arguments say when it is told to: until then it can be put into its control groups, and nothing it will start can be
 * outside of them. If the platform ends meanwhile, so does it. Nothing is quoted, as all are arguments.
 */
const WHEN_TOLD = 'read -r go || exit 125; exec "$@" < /dev/null';
const TOLD = 'go\n';

export interface LaunchOptions {
  readonly abilities: Abilities;
  readonly place: FunctionPlace;
  /** Arguments of weft-host. */
  readonly host: readonly string[];
  /** All that the program's environment holds. */
  readonly env: Readonly<Record<string, string>>;
  readonly socketFolder?: { readonly from: string; readonly to: string } | undefined;
  readonly log: Emit;
}

/**
 * @param frames what weft-host speaks frames on; closed when this returns, or throws. So is the socket's folder removed when it throws
 * @throws WeftError WEFT_START_FAILED
 */
export function launch(options: LaunchOptions, frames?: HostEnds): Launched {
  const { abilities, place } = options;
  const { limits, isolation } = place;
  const fds: number[] = [];
  let group: ControlGroup | undefined;
  try {
    group = abilities.groups.make({
      memoryBytes: limits.memoryBytes + OWN_MEMORY_BYTES,
      processes: isolation.resources.processes + OWN_PROCESSES,
      cpus: isolation.resources.cpus,
    });
    const child = start(options, frames, fds);
    // Where descriptors have run out, a child comes without its streams, and tells why only later.
    child.on('error', () => {});
    const launched = new Launched(child, group, options);
    begin(child, group, launched);
    return launched;
  } catch (cause) {
    void group?.remove();
    if (options.socketFolder) void removeFolder(options.socketFolder.from);
    throw asStartFailed(place.name, cause);
  } finally {
    for (const fd of [...fds, ...(frames ?? [])]) closeSync(fd);
  }
}

function begin(child: ChildProcess, group: ControlGroup, launched: Launched): void {
  try {
    if (child.pid !== undefined) group.add(child.pid);
  } catch (cause) {
    launched.kill();
    throw cause;
  }
  child.stdin?.on('error', () => {}).end(TOLD); // it may have ended: then its exit says so
}

function start({ abilities, place, host, env, socketFolder }: LaunchOptions, frames: HostEnds | undefined, fds: number[]): ChildProcess {
  const { isolation } = place;
  const inside = [place.seen.host, ...host];
  const stdio = ['pipe', 'pipe', 'pipe', ...(frames ?? (['ignore', 'ignore'] as const))] as const;
  const wait = ['-c', WHEN_TOLD, 'weft'];
  if (!abilities.tools) {
    const user = process.getuid?.() === 0 ? SANDBOX_USER : {};
    const cwd = isolation.workDir === '/tmp' ? place.scratch : isolation.workDir;
    return spawn('/bin/sh', [...wait, ...inside], { stdio: [...stdio], env: { ...env }, cwd, detached: true, ...user });
  }
  const { host: hostPath, program, files, name, limits } = place;
  const plan = { name, isolation, memoryBytes: limits.memoryBytes, program, host: hostPath, etc: abilities.etc, socketFolder, files, env };
  const sandbox = sandboxCommand(plan, abilities.tools, inside);
  fds.push(openSync(abilities.filter, 'r'), openArguments(place.folder, sandbox.arguments));
  if (sandbox.innerArguments !== undefined) fds.push(openArguments(place.folder, sandbox.innerArguments));
  return spawn('/bin/sh', [...wait, sandbox.command, ...sandbox.args], {
    stdio: [...stdio, ...fds],
    env: {},
    cwd: '/',
    // A session of its own: what a terminal sends to its foreground is for the platform, which then drains.
    detached: true,
  });
}

export class Launched {
  /** Set when it is gone. */
  exit: Exit | undefined;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #group: ControlGroup;
  readonly #stderr: LogLines;

  constructor(child: ChildProcess, group: ControlGroup, { log, socketFolder }: LaunchOptions) {
    this.#child = child;
    this.#group = group;
    const [, stdout, stderr] = child.stdio;
    logStream(stdout as Readable, 'info', log); // 'pipe' was asked for
    this.#stderr = logStream(stderr as Readable, 'warn', log);
    this.exited = new Promise((resolve) => {
      const done = (code: number | null, signal: string | null): void => {
        const end = described(code, signal);
        // The kernel's way to end what needs too much. What ended otherwise went on after any memory kill of its children.
        this.exit ??= { ...end, outOfMemory: end.signal === 'SIGKILL' && group.memoryKills > 0 };
        resolve(this.exit);
        // Without a process namespace of its own, more may be left than the one that ended.
        group.kill();
        void group.remove();
        if (socketFolder) void removeFolder(socketFolder.from);
      };
      child.once('error', () => done(127, null));
      child.once('close', done);
      // Somebody who outlives it may hold its standard error open.
      child.once('exit', (code, signal) => setTimeout(done, CLOSE_MS, code, signal).unref());
    });
  }

  /** The last lines it wrote on standard error. */
  get lastLines(): readonly string[] {
    return this.#stderr.tail;
  }

  /** Whether memory ran out in it since it was last asked. */
  get memoryKills(): number {
    return this.#group.memoryKills;
  }

  kill(): void {
    if (this.exit) return;
    // The sandbox dies with its outermost process.
    this.#signal('SIGKILL');
    this.#group.kill();
  }

  /** Asks it to end, then makes it. `ask` is to be whom: the first program inside, or those that it has started. */
  async end(ask: 'host' | 'programs'): Promise<void> {
    if (this.exit) return;
    for (const pid of this.#inside(ask)) {
      try {
        process.kill(pid, 'SIGTERM');
      } catch {
        // it has just ended
      }
    }
    const grace = new AbortController();
    await Promise.race([this.exited, sleep(GRACE_MS, undefined, { signal: grace.signal }).catch(() => {})]);
    grace.abort();
    this.kill();
    await this.exited;
  }

  #signal(signal: 'SIGKILL'): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
    } catch {
      // it has just ended
    }
  }

  #inside(ask: 'host' | 'programs'): number[] {
    if (this.#child.pid === undefined) return [];
    const hosts = beneathBubblewrap([this.#child.pid]);
    return ask === 'host' ? hosts : hosts.flatMap(childrenOf);
  }
}

const CLOSE_MS = 500;

/** As seen from here: bubblewrap's own processes pass no signal on. */
function beneathBubblewrap(pids: readonly number[]): number[] {
  return pids.flatMap((pid) => (nameOf(pid) === 'bwrap' ? beneathBubblewrap(childrenOf(pid)) : [pid]));
}

function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .flatMap((text) => (text.trim() === '' ? [] : [Number(text)]));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Bubblewrap and shells tell of a signal as 128 and its number. */
function described(code: number | null, signal: string | null): { code: number; signal: string | undefined } {
  if (signal !== null) return { code: 0, signal };
  return code !== null && code > 128 ? { code: 0, signal: signalName(code - 128) ?? undefined } : { code: code ?? 0, signal: undefined };
}

/** Such as SIGSEGV for 11. */
export function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? (number === 0 ? undefined : `signal ${number}`);
}

function asStartFailed(name: string, cause: unknown): WeftError {
  if (cause instanceof WeftError) return cause;
  return new WeftError('WEFT_START_FAILED', { name, reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
}
