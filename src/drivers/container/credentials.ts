/** Credentials for a registry, from where `docker login` left them: config.json, or the helper it names. */
import { spawn } from 'node:child_process';
import { z } from 'zod';
import { type DockerConfig, type Env, readDockerConfig } from './docker-config.ts';
import { engineError } from './engine-error.ts';

/** How config.json and helpers call Docker Hub. */
const DOCKER_HUB = 'https://index.docker.io/v1/';
/** The user name with which a helper says that the secret is an identity token. */
const TOKEN_USER = '<token>';
const HELPER_MS = 30_000;

type Credentials = { readonly username: string; readonly password: string } | { readonly identitytoken: string };

const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });
const ironAuth = z.array(z.object({ name: z.string(), username: z.string(), password: z.string() }));

/** The value of X-Registry-Auth; nothing when none are known. @throws WeftError WEFT_CONTAINER_ENGINE when what is there cannot be used */
export async function registryAuth(env: Env, registry: string): Promise<string | undefined> {
  const server = registry === 'docker.io' ? DOCKER_HUB : registry;
  const found = fromIron(env, registry) ?? (await fromConfig(await readDockerConfig(env), env, server));
  if (!found) return undefined;
  return Buffer.from(JSON.stringify({ ...found, serveraddress: server })).toString('base64url');
}

/** IronFunctions' DOCKER_AUTH: a list of registries with their user. */
function fromIron(env: Env, registry: string): Credentials | undefined {
  const text = env['DOCKER_AUTH'];
  if (!text) return undefined;
  const list = ironAuth.safeParse(jsonOrNothing(text));
  if (!list.success) throw engineError('DOCKER_AUTH', 'a JSON list of {"name", "username", "password"} is needed');
  const found = list.data.find(({ name }) => hostOf(name) === registry);
  return found && { username: found.username, password: found.password };
}

async function fromConfig(config: DockerConfig, env: Env, server: string): Promise<Credentials | undefined> {
  const helper = config.credHelpers?.[server] ?? config.credHelpers?.[hostOf(server)] ?? config.credsStore;
  if (helper) {
    const found = await askHelper(helper, env, server);
    if (found) return found;
  }
  const key = Object.keys(config.auths ?? {}).find((name) => name === server || hostOf(name) === hostOf(server));
  const entry = key === undefined ? undefined : config.auths?.[key];
  if (!entry) return undefined;
  if (entry.identitytoken) return { identitytoken: entry.identitytoken };
  if (entry.username && entry.password) return { username: entry.username, password: entry.password };
  const [username, ...password] = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return username && password.length > 0 ? { username, password: password.join(':') } : undefined;
}

/** Old files have URLs as keys. */
function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

/** Asks `docker-credential-<name>`, in its protocol: the server on standard input, JSON back. */
async function askHelper(name: string, env: Env, server: string): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const { code, stdout } = await runHelper(program, env, server);
  if (code !== 0) {
    if (/credentials not found/i.test(stdout)) return undefined;
    throw engineError(program, stdout.trim() || `it ended with ${code}`);
  }
  const answer = helperAnswer.safeParse(jsonOrNothing(stdout));
  if (!answer.success) throw engineError(program, 'it did not answer in JSON');
  const { Username, Secret } = answer.data;
  return Username === TOKEN_USER ? { identitytoken: Secret } : { username: Username, password: Secret };
}

function runHelper(program: string, env: Env, input: string): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { env, stdio: ['pipe', 'pipe', 'ignore'], timeout: HELPER_MS });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stdin.on('error', () => {}); // one that does not read says so by its exit code
    child.once('error', (cause) => reject(engineError(program, cause.message, cause)));
    child.once('close', (code) => resolve({ code, stdout }));
    child.stdin.end(input);
  });
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
