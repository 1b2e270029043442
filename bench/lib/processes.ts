/** Child processes of a measurement: pinned to a core where the machine lets us, and gone when it ends. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** What is measured runs on the first core, what measures on the last. */
const CPU = { server: 0, load: availableParallelism() - 1 } as const;
const CAN_PIN = CPU.server !== CPU.load && spawnSync('taskset', ['-c', '0', 'true']).status === 0;
const PATIENCE_MS = 2_000;
const PAGE_BYTES = 4096;

/** `free`: on any core. */
export type Side = keyof typeof CPU | 'free';

function pinned(side: Side, command: readonly string[]): string[] {
  return CAN_PIN && side !== 'free' ? ['taskset', '-c', String(CPU[side]), ...command] : [...command];
}

export function start(side: Side, command: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const [file = '', ...args] = pinned(side, command);
  return spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill();
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await gone;
  clearTimeout(timer);
}

/** Runs a command to its end. @throws Error with what it wrote when it fails. */
export async function output(side: Side, command: readonly string[]): Promise<string> {
  const child = start(side, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const pieces: string[] = [];
  const said: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece));
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => said.push(piece));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`"${command.join(' ')}" ended with ${code}\n${said.join('')}`);
  return pieces.join('');
}

export function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** What of a process is in memory now. */
export function residentBytes(pid: number): number {
  const pages = /^\d+ (\d+)/.exec(readFileSync(`/proc/${pid}/statm`, 'utf8'))?.[1];
  return Number(pages ?? Number.NaN) * PAGE_BYTES;
}

/** Whether `--toolchain system` can be asked for. */
export function hasSystemClang(): boolean {
  return ['clang', 'clang-19', 'clang-18', 'clang-17', 'clang-16'].some(isThere) && existsSync('/usr/include/wasm32-wasi');
}
