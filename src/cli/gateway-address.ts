/** How commands find the platform that runs, and its password. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError } from '../model/errors.ts';
import { choosePlatform } from './contexts/choice.ts';
import type { GatewayContext } from './contexts/gateway-context.ts';
import { DEFAULT_URL, gatewayOrigin, isLoopback } from './gateway-url.ts';
import type { Remote } from './options.ts';
import { dataFolder } from './places.ts';

/** Written by `weft up` into its data folder, so that commands of the same project find it on any port. */
const RUNNING = 'running.json';
/** Written by the platform at its first start. */
const PASSWORD = 'password';

export interface GatewayAddress {
  readonly url: string;
  /** Without one, the platform says where it is to be found. */
  readonly password: string | undefined;
  /** The platform's own when absent. */
  readonly user?: string;
}

interface Running {
  readonly url: string;
  readonly pid: number;
}

/** For commands whose `--data` is a body, not a folder. */
export async function gatewayUrl({ gateway, context }: Pick<Remote, 'gateway' | 'context'>): Promise<string> {
  const { url } = await findPlatform({ gateway, context });
  return url;
}

export async function gatewayAddress(remote: Remote): Promise<GatewayAddress> {
  const { url, context } = await findPlatform(remote);
  const password = await passwordFor(url, remote, context);
  return { url, password, ...(context?.user === undefined ? {} : { user: context.user }) };
}

/** The platform of this machine: the one that runs on the data folder, or the one that would by default. */
export async function localUrl(): Promise<string> {
  const running = await readRunning(await dataOf(undefined));
  return running?.url ?? DEFAULT_URL;
}

/** Whoever names a folder means the platform of that one, and no other. @throws WeftError WEFT_NOT_RUNNING */
async function urlOn(told: string | undefined): Promise<string> {
  if (told === undefined) return localUrl();
  const folder = await dataOf(told);
  const running = await readRunning(folder);
  if (!running) throw new WeftError('WEFT_NOT_RUNNING', { where: `the data folder ${folder}`, reason: 'none runs on it' });
  return running.url;
}

async function findPlatform(remote: Remote): Promise<{ readonly url: string; readonly context?: GatewayContext }> {
  const choice = await choosePlatform(remote, process.env);
  if (choice.kind === 'gateway') return { url: gatewayOrigin(choice.url) };
  if (choice.kind === 'local') return { url: await urlOn(toldData(remote.data)) };
  const { ContextStore } = await import('./contexts/store.ts');
  const context = await new ContextStore(choice.config).read(choice.name, choice.from);
  return { url: context.gateway, context };
}

/** A context's password is for its own gateway: whoever names another one has to tell the password as well. */
async function passwordFor(url: string, remote: Remote, context: GatewayContext | undefined): Promise<string | undefined> {
  if (remote.passwordFile !== undefined) return passwordIn(remote.passwordFile);
  const told = process.env['WEFT_PASSWORD'];
  if (told !== undefined && told !== '') return told;
  if (context?.password !== undefined) return context.password;
  if (context?.passwordFile !== undefined) return passwordIn(context.passwordFile);
  const file = join(await dataOf(remote.data), PASSWORD);
  // A password of this machine is for this machine only.
  return isLoopback(url) ? passwordIn(file).catch(() => undefined) : undefined;
}

export async function noteRunning(dataDir: string, url: string): Promise<AsyncDisposable> {
  const path = join(dataDir, RUNNING);
  const running: Running = { url, pid: process.pid };
  await writeFile(path, `${JSON.stringify(running)}\n`);
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** Commands whose `--data` is something else know the folder from the environment only. */
function toldData(data: string | undefined): string | undefined {
  return (data ?? process.env['WEFT_DATA']) || undefined;
}

function dataOf(data: string | undefined): Promise<string> {
  return dataFolder(toldData(data), process.cwd());
}

/** Nothing when there is none, or when the process that wrote it is gone. */
async function readRunning(dataDir: string): Promise<Running | undefined> {
  const text = await readFile(join(dataDir, RUNNING), 'utf8').catch(() => '');
  try {
    const { url, pid } = JSON.parse(text) as Partial<Running>; // checked below
    if (typeof url !== 'string' || typeof pid !== 'number') return undefined;
    process.kill(pid, 0);
    return { url: gatewayOrigin(url), pid };
  } catch {
    return undefined;
  }
}

async function passwordIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new WeftError('WEFT_FILE', { path: file, reason: (cause as Error).message }, { cause });
  }
}
