/**
 * What this machine gives to keep a process apart, found out once by trying it: whether bubblewrap can make its namespaces here is
 * decided by the kernel, its settings, a container around us, and nobody can tell but by doing it.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessIsolation } from '../../model/app.ts';
import { ControlGroups } from './cgroups.ts';
import { findProgram } from '../../toolchain/index.ts';
import { type Machine, seccompFilter } from './seccomp.ts';
import { openArguments } from './arguments-file.ts';
import { type RunFolder, writeReadable } from './run-folder.ts';
import { sandboxCommand, type SandboxTools } from './sandbox.ts';

const PROBE_MS = 10_000;
const MAX_REASON_CHARACTERS = 300;

export interface Abilities {
  /** Nothing when there are no namespaces to be had. */
  readonly tools: SandboxTools | undefined;
  /** File with the filter of system calls, readable for us. */
  readonly filter: string;
  /** Folder with passwd, group and hosts. */
  readonly etc: string;
  readonly groups: ControlGroups;
  /** What the function asks for and cannot have; each says how to get it. */
  missing(isolation: ProcessIsolation): readonly string[];
}

export async function findAbilities(folder: RunFolder): Promise<Abilities> {
  const [etc, groups] = [await makeEtc(folder), new ControlGroups()];
  const filter = join(etc, 'filter.bpf');
  const sandbox = await findSandbox({ etc, filter });
  return {
    tools: typeof sandbox === 'string' ? undefined : sandbox,
    filter,
    etc,
    groups,
    missing: ({ resources }) => {
      const missing = typeof sandbox === 'string' ? [sandbox] : [];
      for (const [controller, reason] of groups.missing) {
        if (controller !== 'cpu' || resources.cpus > 0) missing.push(reason);
      }
      return missing;
    },
  };
}

async function makeEtc(folder: RunFolder): Promise<string> {
  const path = await folder.make('etc');
  await writeReadable(join(path, 'passwd'), 'function:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n');
  await writeReadable(join(path, 'group'), 'function:x:1000:\nnogroup:x:65534:\n');
  await writeReadable(join(path, 'hosts'), '127.0.0.1 localhost\n::1 localhost\n');
  return path;
}

/** The tools, or why there is no sandbox and how there will be one. */
async function findSandbox({ etc, filter }: { etc: string; filter: string }): Promise<SandboxTools | string> {
  if (process.platform !== 'linux') return `sandboxes of processes need Linux, and this is ${process.platform}`;
  if (process.arch !== 'x64' && process.arch !== 'arm64')
    return `the filter of system calls is for x86_64 and aarch64, and this is ${process.arch}`;
  await writeReadable(filter, seccompFilter(process.arch satisfies Machine));
  const bwrap = await findProgram('bwrap');
  if (bwrap === undefined) return 'bubblewrap is not installed, or not in the PATH; on Debian and Ubuntu: sudo apt-get install bubblewrap';
  let setpriv: string | undefined;
  if (process.getuid?.() === 0) {
    setpriv = await findProgram('setpriv');
    if (setpriv === undefined) return 'setpriv is not in the PATH; on Debian and Ubuntu: sudo apt-get install util-linux';
  }
  const tools = { bwrap: await realpath(bwrap), setpriv: setpriv && (await realpath(setpriv)) };
  const problem = await tryOut(tools, { etc, filter });
  return problem === undefined
    ? tools
    : `bubblewrap cannot make a sandbox here (${problem}); see that the kernel allows user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns) and seccomp filters`;
}

/** What went wrong; nothing when a program ran in a sandbox as functions do. */
async function tryOut(tools: SandboxTools, { etc, filter }: { etc: string; filter: string }): Promise<string | undefined> {
  const plan = {
    name: 'probe',
    isolation: { network: 'none', mounts: [], workDir: '/tmp' },
    memoryBytes: 1024 * 1024,
    program: undefined,
    host: undefined,
    etc,
    socketFolder: undefined,
    files: new Map<string, string>(),
    env: {},
  } as const;
  const { command, args, arguments: given, innerArguments } = sandboxCommand(plan, tools, ['/bin/true']);
  const fds = [
    openSync(filter, 'r'),
    openArguments(etc, given),
    ...(innerArguments === undefined ? [] : [openArguments(etc, innerArguments)]),
  ];
  try {
    const child = spawn(command, [...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'ignore', 'ignore', ...fds],
      env: {},
      cwd: '/',
      timeout: PROBE_MS,
    });
    return await new Promise((resolve) => {
      let said = '';
      child.stderr?.on('data', (piece: Buffer) => (said = (said + piece.toString('utf8')).slice(0, MAX_REASON_CHARACTERS)));
      child.once('error', (cause) => resolve(cause.message));
      child.once('close', (code, signal) => resolve(code === 0 ? undefined : said.trim() || `it ended with ${signal ?? code}`));
    });
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}
