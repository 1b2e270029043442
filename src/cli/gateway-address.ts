/** How commands find the platform that runs, and its password. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError } from '../model/errors.ts';
import type { Remote } from './options.ts';
import { dataFolder } from './places.ts';

const DEFAULT_URL = 'http://127.0.0.1:8080';
/** Written by `weft up` into its data folder, so that commands of the same project find it on any port. */
const RUNNING = 'running.json';
/** Written by the platform at its first start. */
const PASSWORD = 'password';

export interface GatewayAddress {
  readonly url: string;
  /** Without one, the platform says where it is to be found. */
  readonly password: string | undefined;
}

interface Running {
  readonly url: string;
  readonly pid: number;
}

/** `told` is what `--gateway` or WEFT_GATEWAY say. */
export async function gatewayUrl(told: string | undefined, data?: string): Promise<string> {
  if (told !== undefined && told !== '') return checkedUrl(told);
  const running = await readRunning(await dataOf(data));
  return running?.url ?? DEFAULT_URL;
}

export async function gatewayAddress(remote: Remote): Promise<GatewayAddress> {
  const url = await gatewayUrl(remote.gateway, remote.data);
  if (remote.passwordFile !== undefined) return { url, password: await passwordIn(remote.passwordFile) };
  const told = process.env['WEFT_PASSWORD'];
  if (told !== undefined && told !== '') return { url, password: told };
  const file = join(await dataOf(remote.data), PASSWORD);
  // A password of this machine is for this machine only.
  return { url, password: isLoopback(url) ? await passwordIn(file).catch(() => undefined) : undefined };
}

export async function noteRunning(dataDir: string, url: string): Promise<AsyncDisposable> {
  const path = join(dataDir, RUNNING);
  const running: Running = { url, pid: process.pid };
  await writeFile(path, `${JSON.stringify(running)}\n`);
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** Commands whose `--data` is something else know the folder from the environment only. */
function dataOf(data: string | undefined): Promise<string> {
  return dataFolder(data ?? process.env['WEFT_DATA'], process.cwd());
}

/** Nothing when there is none, or when the process that wrote it is gone. */
async function readRunning(dataDir: string): Promise<Running | undefined> {
  const text = await readFile(join(dataDir, RUNNING), 'utf8').catch(() => '');
  try {
    const { url, pid } = JSON.parse(text) as Partial<Running>; // checked below
    if (typeof url !== 'string' || typeof pid !== 'number') return undefined;
    process.kill(pid, 0);
    return { url: checkedUrl(url), pid };
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

function checkedUrl(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '') {
    throw new WeftError('WEFT_USAGE', {
      reason: `"${text}" is not the address of a gateway, such as ${DEFAULT_URL}`,
      command: 'weft --help',
    });
  }
  return url.origin;
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
