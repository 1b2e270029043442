/** Where the container engine is, found as the docker command finds it: DOCKER_HOST, a context, or the usual sockets. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { configFolder, type Env, readContext, readDockerConfig, readTls, type TlsFiles } from './docker-config.ts';
import { engineError } from './engine-error.ts';

export interface Endpoint {
  /** As people write it, for messages. */
  readonly where: string;
  readonly address:
    | { readonly kind: 'unix'; readonly path: string }
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number };
  readonly tls: (TlsFiles & { readonly verify: boolean }) | undefined;
}

const DOCKER_SOCKET = '/var/run/docker.sock';
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/** @throws WeftError WEFT_CONTAINER_ENGINE for settings that lead nowhere; that an engine answers there is not yet known */
export async function findEndpoint(env: Env): Promise<Endpoint> {
  const host = env['DOCKER_HOST'];
  // In the docker command's order: DOCKER_HOST beats every context.
  if (host) return parse(host, env['DOCKER_TLS_VERIFY'] ? { ...(await tlsOfEnv(env)), verify: true } : undefined);
  const context = env['DOCKER_CONTEXT'] || (await readDockerConfig(env)).currentContext;
  if (!context || context === 'default') return parse(await usualSocket(env), undefined);
  const { host: there, skipVerify, tls } = await readContext(env, context);
  return parse(there, tls.ca || tls.cert || skipVerify ? { ...tls, verify: !skipVerify } : undefined);
}

async function tlsOfEnv(env: Env): Promise<TlsFiles> {
  const folder = env['DOCKER_CERT_PATH'] || configFolder(env);
  const tls = await readTls(folder);
  if (!tls.ca) throw engineError(folder, 'DOCKER_TLS_VERIFY is set, and there is no ca.pem in DOCKER_CERT_PATH');
  return tls;
}

function parse(host: string, tls: Endpoint['tls']): Endpoint {
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/.exec(host) ?? [];
  if (rest === undefined) throw engineError(host, 'an address begins with unix:// or tcp://');
  switch (scheme) {
    case 'unix':
      if (!rest.startsWith('/')) throw engineError(host, 'the path of a socket begins with /');
      return { where: host, address: { kind: 'unix', path: rest }, tls: undefined };
    case 'tcp':
    case 'http':
      return { where: host, address: tcp(host, rest, tls ? TLS_PORT : PLAIN_PORT), tls };
    case 'https':
      return {
        where: host,
        address: tcp(host, rest, TLS_PORT),
        tls: tls ?? { ca: undefined, cert: undefined, key: undefined, verify: true },
      };
    case 'ssh':
      throw engineError(host, 'engines are not reached through ssh; let ssh forward the socket (ssh -L) and name it as unix://');
    case 'npipe':
      throw engineError(host, 'Windows named pipes cannot be used; let the engine listen on tcp://');
    default:
      throw engineError(host, `${scheme}:// cannot be used; unix:// and tcp:// can`);
  }
}

function tcp(host: string, rest: string, port: number): Endpoint['address'] {
  const url = URL.parse(`http://${rest}`);
  if (!url?.hostname || url.username !== '' || (url.pathname !== '/' && url.pathname !== ''))
    throw engineError(host, 'a host and a port are needed, such as tcp://10.0.0.2:2376');
  // A URL leaves out port 80, which is none an engine has by default.
  const written = /:(\d+)\/?$/.exec(rest)?.[1];
  return { kind: 'tcp', host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: written === undefined ? port : Number(written) };
}

/** Docker's socket, rootless Docker's, or one of Podman's. */
async function usualSocket(env: Env): Promise<string> {
  const runtime = env['XDG_RUNTIME_DIR'];
  const own = runtime ? [join(runtime, 'docker.sock'), join(runtime, 'podman/podman.sock')] : [];
  const sockets = [DOCKER_SOCKET, ...own, '/run/podman/podman.sock'];
  for (const path of sockets) if (await isThere(path)) return `unix://${path}`;
  throw engineError(`unix://${DOCKER_SOCKET}`, `there is none, nor at ${sockets.slice(1).join(', ')}`);
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
