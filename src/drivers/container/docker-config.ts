/** Docker's own files in the user's home: config.json with its credentials, and contexts. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { engineError } from './engine-error.ts';

export type Env = Readonly<Record<string, string | undefined>>;

const text = z.string().optional();

/** What Weft uses of config.json; it holds much more. */
const dockerConfig = z.object({
  currentContext: text,
  auths: z.record(z.string(), z.object({ auth: text, username: text, password: text, identitytoken: text })).optional(),
  credsStore: text,
  credHelpers: z.record(z.string(), z.string()).optional(),
});
export type DockerConfig = z.output<typeof dockerConfig>;

const contextMeta = z.object({
  Endpoints: z.object({ docker: z.object({ Host: text, SkipTLSVerify: z.boolean().optional() }).optional() }),
});

export interface TlsFiles {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
}

export interface DockerContext {
  readonly host: string;
  readonly skipVerify: boolean;
  readonly tls: TlsFiles;
}

export function configFolder(env: Env): string {
  return env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
}

/** Empty when there is no such file. @throws WeftError WEFT_CONTAINER_ENGINE */
export async function readDockerConfig(env: Env): Promise<DockerConfig> {
  const path = join(configFolder(env), 'config.json');
  const content = await readIfThere(path);
  return content === undefined ? {} : parse(path, content.toString('utf8'), dockerConfig);
}

/** @throws WeftError WEFT_CONTAINER_ENGINE */
export async function readContext(env: Env, name: string): Promise<DockerContext> {
  const folder = join(configFolder(env), 'contexts');
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(folder, 'meta', id, 'meta.json');
  const content = await readIfThere(path);
  if (content === undefined) throw engineError(`context ${name}`, `there is no Docker context of that name (${path})`);
  const { docker } = parse(path, content.toString('utf8'), contextMeta).Endpoints;
  if (!docker?.Host) throw engineError(`context ${name}`, `${path} names no host`);
  return { host: docker.Host, skipVerify: docker.SkipTLSVerify ?? false, tls: await readTls(join(folder, 'tls', id, 'docker')) };
}

/** `ca.pem`, `cert.pem` and `key.pem` of a folder, each where it is there. @throws WeftError WEFT_CONTAINER_ENGINE */
export async function readTls(folder: string): Promise<TlsFiles> {
  const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map((name) => readIfThere(join(folder, name))));
  if (!cert !== !key) throw engineError(folder, `${cert ? 'cert.pem' : 'key.pem'} is there without ${cert ? 'key.pem' : 'cert.pem'}`);
  return { ca, cert, key };
}

function parse<T>(path: string, content: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(content));
  } catch (cause) {
    throw engineError(path, cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause), cause);
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code; // readFile rejects with nothing else
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw engineError(path, String(cause), cause);
  }
}
