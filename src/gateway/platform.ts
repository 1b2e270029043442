/** A whole platform in this process: registry, engine threads, admin API, behind one port. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { LogRecord } from '../engine/protocol.ts';
import type { AppBundle } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import { MAX_READY } from '../model/limits.ts';
import type { AppContent, AppRecord } from '../registry/record.ts';
import { Registry } from '../registry/registry.ts';
import { ControlBridge } from './admin/control-bridge.ts';
import { keepPassword } from './admin/password.ts';
import { createAdmin } from './admin/server.ts';
import type { LiveApp } from './app-version.ts';
import { type Deployed, Deployments } from './deployments.ts';
import { type LogQuery, LogStore } from './log-store.ts';
import type { Totals } from './metrics.ts';
import { isLoopback, urlOf } from './port.ts';
import { type AppStatus, appStatus, type FunctionStatus } from './status.ts';
import { Threads } from './threads.ts';
import { Turn } from './turn.ts';

const DRAIN_MS = 10_000;

export type PlatformLog = (level: 'info' | 'warn' | 'error', text: string) => void;

export interface PlatformOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly dataDir: string;
  /** Where what was built once is kept, such as what runs native functions; in the data folder when absent. */
  readonly cacheDir?: string;
  /** 0: one for each core. */
  readonly threads: number;
  readonly log?: PlatformLog;
  /** Whether engine threads share the port; where the system cannot, the control thread hands connections out. */
  readonly sharePort?: boolean;
}

/** Answers on its port, with everything of the data folder deployed, when this returns. @throws WeftError WEFT_LISTEN, WEFT_DATA_IN_USE, WEFT_FILE */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  await using undo = new AsyncDisposableStack();
  const registry = undo.use(await Registry.open(options.dataDir));
  const password = await keepPassword(options.dataDir);
  const platform = await Platform.assemble(options, registry, password);
  undo.defer(() => platform.close(0));
  await platform.begin();
  undo.move();
  return platform;
}

export class Platform {
  readonly password: string;
  url = '';
  port = 0;
  readonly threads: Threads;
  readonly #options: PlatformOptions;
  readonly #registry: Registry;
  readonly #deployments: Deployments;
  readonly #logs: LogStore;
  readonly #bridge: ControlBridge;
  readonly #turn: Turn;
  readonly #say: PlatformLog;
  #closing: Promise<void> | undefined;

  static async assemble(options: PlatformOptions, registry: Registry, password: string): Promise<Platform> {
    const turn = new Turn();
    const live = new Map<string, LiveApp>();
    const logs = new LogStore();
    const say = options.log ?? (() => {});
    const bridge = new ControlBridge(say);
    const threads = await Threads.start({
      threads: options.threads === 0 ? availableParallelism() : options.threads,
      // Linux, FreeBSD and others balance a shared port; macOS and Windows do not have it.
      sharePort: options.sharePort ?? !['darwin', 'win32'].includes(process.platform),
      cacheDir: options.cacheDir ?? join(options.dataDir, 'cache'),
      turn,
      live: () => [...live.values()].map(({ version }) => version),
      events: {
        log: (records) => logs.add(records),
        control: (worker, id, request) => bridge.serve(worker, id, request),
        controlClosed: (worker, id) => bridge.closed(worker, id),
        ended: (worker) => bridge.ended(worker),
        say,
      },
    });
    return new Platform({ options, registry, password, turn, live, logs, bridge, threads, say });
  }

  private constructor(parts: PlatformParts) {
    const { options, registry, password, turn, live, logs, bridge, threads, say } = parts;
    this.password = password;
    this.threads = threads;
    this.#options = options;
    this.#registry = registry;
    this.#turn = turn;
    this.#logs = logs;
    this.#bridge = bridge;
    this.#say = say;
    this.#deployments = new Deployments({ registry, threads, turn, live });
  }

  async begin(): Promise<void> {
    const { host, port } = this.#options;
    for (const error of this.#registry.damaged) this.#say('error', error.message);
    this.#bridge.connect(await createAdmin({ platform: this, publicMetrics: isLoopback(host), say: this.#say }));
    await this.#deployments.restore();
    for (const [app, error] of this.#deployments.broken) this.#say('error', `the app ${app} is not served: ${error.message}`);
    this.port = await this.#turn.run(() => this.threads.listen({ host, port }));
    this.url = urlOf({ host, port: this.port });
  }

  /** All threads serve it, and it is kept, when this returns. @throws WeftError: nothing has changed then */
  deploy(bundle: AppBundle): Promise<Deployed> {
    return this.#deployments.deploy(bundle);
  }

  /** As `Deployments.change`: for apps whose artifacts were uploaded. */
  change(app: string, change: (before: AppRecord | undefined) => Promise<AppContent | undefined>): Promise<Deployed> {
    return this.#deployments.change(app, change);
  }

  /** @throws WeftError WEFT_APP_NOT_FOUND */
  remove(app: string): Promise<void> {
    return this.#deployments.remove(app);
  }

  hasArtifact(digest: string): Promise<boolean> {
    return this.#registry.hasArtifact(digest);
  }

  /** The digest. @throws WeftError WEFT_FILE */
  putArtifact(content: Uint8Array): Promise<string> {
    return this.#registry.putArtifact(content);
  }

  /** @throws WeftError WEFT_ARTIFACT_MISSING, WEFT_DATA_DAMAGED */
  readArtifact(digest: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#registry.readArtifact(digest);
  }

  async list(): Promise<readonly AppStatus[]> {
    const { functions } = await this.threads.totals();
    return [...this.#registry.apps.values()].map((record) => appStatus(record, functions, this.#deployments.broken.get(record.app)));
  }

  /** `name` may be followed by a dot and the app. @throws WeftError WEFT_FUNCTION_NOT_FOUND */
  async describe(name: string): Promise<FunctionStatus> {
    const apps = await this.list();
    const found = apps.flatMap(({ functions }) => functions).find((fn) => fn.name === name || `${fn.name}.${fn.app}` === name);
    if (!found) throw new WeftError('WEFT_FUNCTION_NOT_FOUND', { name });
    return found;
  }

  /** 0 frees the function's contexts, n makes n ready, in all threads together. @throws WeftError WEFT_FUNCTION_NOT_FOUND */
  async scale(name: string, contexts: number): Promise<void> {
    if (!Number.isInteger(contexts) || contexts < 0 || contexts > MAX_READY)
      throw new WeftError('WEFT_ADMIN_REQUEST', { reason: `replicas: a number from 0 to ${MAX_READY} is needed, not ${contexts}` });
    this.#recordOf(name);
    this.threads.scale(name, contexts);
  }

  /** Ends by itself unless it follows. @throws WeftError WEFT_FUNCTION_NOT_FOUND */
  logs(query: LogQuery = {}): AsyncIterable<LogRecord> {
    const [name, app = query.app] = query.name?.split('.') ?? [];
    // What was never deployed may have a log all the same: of an init hook that failed.
    if (name !== undefined && !this.#logs.has(name, app)) this.#recordOf(app === undefined ? name : `${name}.${app}`);
    const exact: LogQuery = { ...query, ...(name === undefined ? {} : { name }), ...(app === undefined ? {} : { app }) };
    return exact.follow ? this.#logs.follow(exact) : iterate(this.#logs.read(exact));
  }

  /** How many follow logs now. */
  get followers(): number {
    return this.#logs.followers;
  }

  totals(): Promise<Totals> {
    return this.threads.totals();
  }

  /** Lets requests that run be answered, for at most so long; may be called again with less patience. */
  close(drainMs = DRAIN_MS): Promise<void> {
    if (this.#closing && drainMs === 0) for (const worker of this.threads.workers) void worker.close(0);
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    this.#logs.close();
    // Not between the threads' answer and what is written of it.
    await this.#turn.run(() => this.threads.close(drainMs));
    await this.#bridge.close();
    this.#registry[Symbol.dispose]();
  }

  #recordOf(name: string): AppRecord {
    for (const record of this.#registry.apps.values()) {
      if (record.functions.some(({ settings }) => settings.name === name || `${settings.name}.${record.app}` === name)) return record;
    }
    throw new WeftError('WEFT_FUNCTION_NOT_FOUND', { name });
  }
}

interface PlatformParts {
  readonly options: PlatformOptions;
  readonly registry: Registry;
  readonly password: string;
  readonly turn: Turn;
  readonly live: Map<string, LiveApp>;
  readonly logs: LogStore;
  readonly bridge: ControlBridge;
  readonly threads: Threads;
  readonly say: PlatformLog;
}

async function* iterate<T>(values: readonly T[]): AsyncIterable<T> {
  yield* values;
}
