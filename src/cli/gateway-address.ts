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
  readonly password: string | undefined;
  /** Where the password came from, or should have. */
  readonly passwordFrom: string;
}

interface Running {
  readonly url: string;
  readonly pid: number;
}

export async function gatewayUrl(remote: Pick<Remote, 'gateway' | 'data'>): Promise<string> {
  const told = remote.gateway;
  if (told !== undefined && told !== '') return checkedUrl(told);
  const running = await readRunning(await dataFolder(remote.data, process.cwd()));
  return running?.url ?? DEFAULT_URL;
}

export async function gatewayAddress(remote: Remote): Promise<GatewayAddress> {
  const url = await gatewayUrl(remote);
  if (remote.passwordFile !== undefined) return { url, password: await passwordIn(remote.passwordFile), passwordFrom: remote.passwordFile };
  const told = process.env['WEFT_PASSWORD'];
  if (told !== undefined && told !== '') return { url, password: told, passwordFrom: 'WEFT_PASSWORD' };
  const file = join(await dataFolder(remote.data, process.cwd()), PASSWORD);
  // A password of this machine is for this machine only.
  const password = isLoopback(url) ? await passwordIn(file).catch(() => undefined) : undefined;
  return { url, password, passwordFrom: file };
}

export async function noteRunning(dataDir: string, url: string): Promise<AsyncDisposable> {
  const path = join(dataDir, RUNNING);
  const running: Running = { url, pid: process.pid };
  await writeFile(path, `${JSON.stringify(running)}\n`);
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
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
