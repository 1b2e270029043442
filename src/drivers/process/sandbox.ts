/**
 * The command line that puts a program into namespaces of its own, by bubblewrap. Inside there is a read-only system, the program,
 * what the manifest grants, a private /tmp, and nothing else of the machine: no other process, no network, no capability.
 *
 * Bubblewrap gives the function the identity of whoever runs it, under another number. When that is root, files that the function
 * makes in a mounted folder would be root's outside, programs with the set-user-ID bit included. So root runs it in two steps: the
 * first makes the namespaces, as only root can reach every folder that may be mounted; then SANDBOX_USER, who owns nothing on this
 * machine, is put into a user namespace by a second bubblewrap inside of the first.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import type { ProcessIsolation } from '../../model/app.ts';

/** Between the numbers that systemd gives out and `nobody`: no user of a machine has it. */
export const SANDBOX_USER = { uid: 65_520, gid: 65_520 } as const;

/** As the function sees itself. */
const INSIDE = { uid: '1000', gid: '1000' };
const FOLDER = '/function';
export const PROGRAM = `${FOLDER}/program`;
export const HOST = `${FOLDER}/host`;
export const SOCKET_FOLDER = `${FOLDER}/socket`;

/** Descriptors of the outer command; 3 is for frames. */
const FILTER_FD = 5;
const ARGUMENTS_FD = 6;
const INNER_ARGUMENTS_FD = 7;

/** Programs of this machine. */
export interface SandboxTools {
  readonly bwrap: string;
  /** Changes to SANDBOX_USER; only when this process is root. */
  readonly setpriv: string | undefined;
}

export interface SandboxPlan {
  readonly name: string;
  readonly isolation: Pick<ProcessIsolation, 'network' | 'mounts' | 'workDir'>;
  readonly memoryBytes: number;
  /** Paths on this machine. */
  readonly program: string | undefined;
  readonly host: string | undefined;
  /** Folder with passwd, group and hosts. */
  readonly etc: string;
  /** Where its server makes its socket, and where the function sees that folder. */
  readonly socketFolder: { readonly from: string; readonly to: string } | undefined;
  /** Path that the function sees → path here; read-only. */
  readonly files: ReadonlyMap<string, string>;
  readonly env: Readonly<Record<string, string>>;
}

export interface SandboxCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** To be readable at ARGUMENTS_FD and INNER_ARGUMENTS_FD: granted values are nothing for a command line that everybody can read. */
  readonly arguments: string;
  readonly innerArguments: string | undefined;
}

/** Folders of the system. Those that are links on this machine are links inside, too. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** Where others than the function's own files are. */
export const SYSTEM_FOLDERS: readonly string[] = [...SYSTEM, '/etc', '/dev', '/proc', '/tmp', '/var', '/run', FOLDER];
/** What programs need to be loaded and to tell the time. */
const ETC = ['ld.so.cache', 'alternatives', 'localtime'];
/** What they need to find others in the machine's network. */
const NETWORK_ETC = [
  'resolv.conf',
  'nsswitch.conf',
  'host.conf',
  'gai.conf',
  'services',
  'protocols',
  'ssl',
  'ca-certificates',
  'pki',
  'crypto-policies',
];

/** `command` runs inside; its paths are those of the sandbox. */
export function sandboxCommand(plan: SandboxPlan, tools: SandboxTools, command: readonly string[]): SandboxCommand {
  const world = [...namespaces(plan), ...system(), ...etc(plan), ...devices(plan), ...ours(plan)];
  const life = ['--chdir', plan.isolation.workDir, '--clearenv', ...environment(plan.env)];
  const closing = ['--remount-ro', '/dev', '--remount-ro', '/'];
  const powerless = ['--unshare-user', '--uid', INSIDE.uid, '--gid', INSIDE.gid, '--cap-drop', 'ALL', '--seccomp', String(FILTER_FD)];
  const args = ['--args', String(ARGUMENTS_FD), '--'];
  if (tools.setpriv === undefined) {
    const whole = [...world, ...closing, ...powerless, ...life];
    return { command: tools.bwrap, args: [...args, ...command], arguments: join(whole), innerArguments: undefined };
  }
  const [bwrap, setpriv] = [`${FOLDER}/tools/bwrap`, `${FOLDER}/tools/setpriv`];
  const toolbox = [...foldersTo(bwrap), '--ro-bind', tools.bwrap, bwrap, '--ro-bind', tools.setpriv, setpriv];
  const toChangeUser = ['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID'];
  const { uid, gid } = SANDBOX_USER;
  const inner = ['--dev-bind', '/', '/', '--die-with-parent', ...powerless, ...life];
  const second = [setpriv, `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--', bwrap, '--args', String(INNER_ARGUMENTS_FD), '--'];
  return {
    command: tools.bwrap,
    args: [...args, ...second, ...command],
    arguments: join([...world, ...toolbox, ...closing, ...toChangeUser, '--clearenv']),
    innerArguments: join(inner),
  };
}

function join(args: readonly string[]): string {
  return args.map((arg) => `${arg}\0`).join('');
}

function namespaces({ name, isolation }: SandboxPlan): string[] {
  const apart = ['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup', '--hostname', name.slice(0, 63)];
  // A new network has a loopback, which bubblewrap brings up.
  if (isolation.network === 'none') apart.push('--unshare-net');
  return [...apart, '--new-session', '--die-with-parent'];
}

function system(): string[] {
  return SYSTEM.flatMap((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) return ['--symlink', readlinkSync(path), path];
    return found ? ['--ro-bind', path, path] : [];
  });
}

function etc({ etc: made, isolation }: SandboxPlan): string[] {
  const own = ['passwd', 'group', 'hosts'].flatMap((name) => ['--ro-bind', `${made}/${name}`, `/etc/${name}`]);
  const shared = isolation.network === 'host' ? [...ETC, ...NETWORK_ETC] : ETC;
  return ['--dir', '/etc', ...own, ...shared.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`])];
}

/** What is written to /tmp and /dev/shm is memory, and counted as that of the function; the size bounds it where nothing counts. */
function devices({ memoryBytes }: SandboxPlan): string[] {
  const scratch = ['/tmp', '/dev/shm'].flatMap((path) => ['--perms', '1777', '--size', String(memoryBytes), '--tmpfs', path]);
  return ['--proc', '/proc', '--dev', '/dev', ...scratch];
}

function ours(plan: SandboxPlan): string[] {
  const { isolation, program, host, socketFolder, files } = plan;
  const args = foldersTo(`${isolation.workDir}/.`);
  const bind = (how: '--bind' | '--ro-bind', from: string, to: string): void => void args.push(...foldersTo(to), how, from, to);
  for (const { from, to, writable } of isolation.mounts) bind(writable ? '--bind' : '--ro-bind', from, to);
  // After the mounts: a file may be packed into a folder that is mounted, where there is one of that name.
  for (const [to, from] of files) bind('--ro-bind', from, to);
  if (program !== undefined) bind('--ro-bind', program, PROGRAM);
  if (host !== undefined) bind('--ro-bind', host, HOST);
  if (socketFolder) bind('--bind', socketFolder.from, socketFolder.to);
  return args;
}

/** Bubblewrap would make them for itself alone. */
function foldersTo(path: string): string[] {
  const names = path.split('/').slice(1, -1);
  return names.flatMap((_, at) => ['--dir', `/${names.slice(0, at + 1).join('/')}`]);
}

function environment(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
}
