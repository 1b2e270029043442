/** Functions that are native programs, each in a sandbox of its own, for one engine thread. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { basename, dirname, join } from 'node:path';
import {
  asWeftError,
  type Driven,
  type DrivenHost,
  type DrivenRequest,
  type DrivenSource,
  type Driver,
  type End,
} from '../../engine/driver.ts';
import type { FunctionSettings, ProcessIsolation } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import { ensureHost } from '../../toolchain/index.ts';
import { type Instance, InstancePool, type Lease, type PoolOptions } from '../instance-pool.ts';
import { removeFolder } from '../remove-folder.ts';
import type { HttpWire, Wire, Wires } from '../wire.ts';
import { type Abilities, findAbilities } from './abilities.ts';
import { CallWorker } from './call-worker.ts';
import { type FunctionPlace, makePlace } from './function-place.ts';
import type { LaunchOptions } from './launch.ts';
import { makeWritable, RunFolder } from './run-folder.ts';
import { SOCKET_FOLDER } from './sandbox.ts';
import { ServerProcess, type ServerParts, SOCKET_NAME } from './server-process.ts';
import { StdioWorker } from './stdio-worker.ts';

/** As of login(1), for everybody. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** In a network of its own any port is free. */
const USUAL_PORT = 8080;
const ARGUMENT_OF_OPEN_FILES = '--nofile';

export interface ProcessDriverOptions {
  /** Where what was built is kept. */
  readonly cacheDir: string;
}

export function processDriver(wires: Wires, options: ProcessDriverOptions): Driver {
  return new ProcessDriver(wires, options);
}

class ProcessDriver implements Driver {
  readonly #wires: Wires;
  readonly #options: ProcessDriverOptions;
  readonly #open = new Set<Closable>();
  #ground: Promise<Ground> | undefined;

  constructor(wires: Wires, options: ProcessDriverOptions) {
    this.#wires = wires;
    this.#options = options;
  }

  async open(source: DrivenSource, host: DrivenHost): Promise<Driven> {
    const { spec } = source;
    const { name, isolation, contract, warm } = spec;
    const wire = this.#wires[contract];
    if (!wire || isolation.kind !== 'process')
      throw new WeftError('WEFT_MODULE_REFUSED', { name, reason: `contract ${contract} is not for processes` });
    const { run, abilities } = await this.#prepared();
    judge(name, isolation, abilities, host);
    const program = await ensureHost(this.#options.cacheDir);
    const place = await makePlace({ source, isolation, host: program, run, sandboxed: abilities.tools !== undefined });
    const driven = drive(wire, { app: source.app, spec, isolation, place, abilities, host });
    this.#open.add(driven);
    driven.onClosed = () => this.#open.delete(driven);
    try {
      await driven.scale(warm);
    } catch (cause) {
      await driven.close();
      throw cause;
    }
    return driven;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((driven) => driven.close()));
    await (await this.#ground?.catch(() => undefined))?.run.close();
  }

  /** Not before a function needs it: most apps have no processes. What failed (a full disk, say) may go well the next time. */
  #prepared(): Promise<Ground> {
    this.#ground ??= prepareGround().catch((cause: unknown) => {
      this.#ground = undefined;
      throw cause;
    });
    return this.#ground;
  }
}

interface Closable extends Driven {
  onClosed: () => void;
}

interface Ground {
  readonly run: RunFolder;
  readonly abilities: Abilities;
}

async function prepareGround(): Promise<Ground> {
  const run = await RunFolder.open();
  try {
    return { run, abilities: await findAbilities(run) };
  } catch (cause) {
    await run.close();
    throw cause;
  }
}

/** @throws WeftError WEFT_SANDBOX */
function judge(name: string, isolation: ProcessIsolation, abilities: Abilities, host: DrivenHost): void {
  const missing = abilities.missing(isolation);
  if (missing.length === 0) return;
  if (isolation.sandbox === 'strict') throw new WeftError('WEFT_SANDBOX', { name, reason: missing.join('; ') });
  for (const reason of missing) host.log('warn', `sandbox: relaxed, so it runs although ${reason}`);
  if (!abilities.tools) host.log('warn', 'it sees all of this machine that its user sees, and not its mounts and packed files');
}

interface Parts {
  readonly app: string;
  readonly spec: FunctionSettings;
  readonly isolation: ProcessIsolation;
  readonly place: FunctionPlace;
  readonly abilities: Abilities;
  readonly host: DrivenHost;
}

function drive(wire: Wire, parts: Parts): Closable {
  const { spec, isolation, place, abilities, host } = parts;
  const { instances } = isolation.resources;
  const log: LaunchOptions['log'] = (level, line) => host.log(level, line);
  const env = { PATH, HOME: homeOf(parts), TMPDIR: homeOf(parts), ...spec.env, ...spec.secrets };
  const program = ['--', place.seen.program, ...spec.args];
  const launch = (host: readonly string[], more: Readonly<Record<string, string>>): LaunchOptions => ({
    abilities,
    place,
    host: [...limitsOf(isolation), ...host],
    env: { ...env, ...more },
    log,
  });
  switch (wire.kind) {
    case 'calls': {
      const options = launch(['--max-output', String(spec.limits.responseBytes), 'nightcore', place.seen.program], {});
      const calls: DrivenHost['call'] = (request, name, body, answered) => host.call(request, name, body, answered);
      const start = (closing: AbortSignal): Promise<CallWorker> => CallWorker.start({ spec, wire, options, calls }, closing);
      return new DrivenProcess(parts, wire, { most: instances, each: 1, start });
    }
    case 'stdio': {
      const life = wire.life(spec);
      const mode = life === 'fork' && wire.joinsErrors(spec) ? 'join' : life;
      const options = launch([mode, ...program], life === 'hot' ? wire.lifeEnv(spec) : {});
      const start = (closing: AbortSignal): Promise<StdioWorker> => StdioWorker.start({ spec, wire, options, env }, life, closing);
      return new DrivenProcess(parts, wire, { most: instances, each: 1, start });
    }
    case 'http': {
      const start = async (closing: AbortSignal): Promise<ServerProcess> =>
        ServerProcess.start(await serverParts(parts, wire, launch), closing);
      const each = wire.exclusive ? 1 : Number.POSITIVE_INFINITY;
      return new DrivenProcess(parts, wire, { most: instances, each, start });
    }
  }
}

function homeOf({ abilities, place }: Parts): string {
  return abilities.tools ? '/tmp' : place.scratch;
}

function limitsOf({ resources }: ProcessIsolation): string[] {
  return [ARGUMENT_OF_OPEN_FILES, String(resources.openFiles), '--nproc', String(resources.processes), '--core', '0'];
}

/** Where the server of one instance listens, and how it comes to know. */
async function serverParts(
  { app, spec, isolation, place, abilities }: Parts,
  wire: HttpWire,
  launch: (host: readonly string[], more: Readonly<Record<string, string>>) => LaunchOptions,
): Promise<ServerParts> {
  const program = ['--', place.seen.program, ...spec.args];
  const { listen, network, resources } = isolation;
  const common = { spec, wire, healthPath: resources.healthPath };
  const apart = network === 'none' && abilities.tools !== undefined;
  if ((listen?.kind ?? wire.listens) === 'port' && !apart) {
    const port = listen?.kind === 'port' ? listen.port : await freePort();
    const options = launch(['exec', ...program], wire.env(spec, `tcp:${port}`, app));
    return { ...common, options, at: { kind: 'tcp', host: '127.0.0.1', port } };
  }
  const folder = join(place.sockets, String(place.next()));
  await makeWritable(folder, place.user);
  const seen = abilities.tools ? (listen?.kind === 'unix' ? dirname(listen.path) : SOCKET_FOLDER) : folder;
  const socketFolder = { from: folder, to: seen };
  if (listen?.kind === 'unix') {
    const options = { ...launch(['exec', ...program], wire.env(spec, `unix:${listen.path}`, app)), socketFolder };
    const from = abilities.tools ? folder : dirname(listen.path);
    return { ...common, options, at: { kind: 'socket', folder: from, name: basename(listen.path) } };
  }
  const at = { kind: 'socket', folder, name: SOCKET_NAME } as const;
  const socket = join(seen, SOCKET_NAME);
  if (listen === undefined && wire.listens === 'unix') {
    const options = { ...launch(['exec', ...program], wire.env(spec, `unix:${socket}`, app)), socketFolder };
    return { ...common, options, at };
  }
  const port = listen?.port ?? USUAL_PORT;
  const options = { ...launch(['bridge', socket, String(port), ...program], wire.env(spec, `tcp:${port}`, app)), socketFolder };
  return { ...common, options, at };
}

/** One that nobody listens on now; should somebody be faster than the server, the server says so and ends. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** An instance that takes requests. */
interface Runner extends Instance {
  /** `over`: it can take the next, or is no longer usable; that may be later than the answer. Both are called once. */
  run(request: DrivenRequest, ended: (end: End) => void, over: () => void): void;
}

class DrivenProcess<I extends Runner> implements Driven {
  onClosed: () => void = () => {};
  readonly #parts: Parts;
  readonly #wire: Wire;
  readonly #pool: InstancePool<I>;

  constructor(parts: Parts, wire: Wire, pool: Pick<PoolOptions<I>, 'most' | 'each' | 'start'>) {
    const { spec, host } = parts;
    this.#parts = parts;
    this.#wire = wire;
    this.#pool = new InstancePool({
      ...pool,
      name: spec.name,
      idleMs: spec.idleMs,
      instances: (change) => host.instances(change),
      coldStart: () => host.coldStart(),
      warn: (text) => host.log('warn', text),
    });
  }

  run(request: DrivenRequest, ended: (end: End) => void): void {
    const early = this.#wire.admit?.(this.#parts.spec, request.input);
    if (early) ended(early);
    else this.#pool.acquire(request.ending, (lease) => runIn(lease, request, ended), ended);
  }

  scale(instances: number): Promise<void> {
    return this.#pool.scale(instances);
  }

  async close(): Promise<void> {
    await this.#pool.close();
    const { folder, sockets } = this.#parts.place;
    await Promise.all([folder, sockets].map(removeFolder));
    this.onClosed();
  }
}

function runIn({ instance, release }: Lease<Runner>, request: DrivenRequest, ended: (end: End) => void): void {
  try {
    instance.run(request, ended, release);
  } catch (cause) {
    release();
    ended(asWeftError(cause));
  }
}
