/** One engine thread: the apps deployed on it, the routes to their functions, and what it reports to the control thread. */
import { WeftError } from '../model/errors.ts';
import type { Dispatcher, Exchange, Route } from '../model/exchange.ts';
import { mostContexts } from './address-space.ts';
import { DrivenFunction } from './driven-function.ts';
import type { Drivers } from './driver.ts';
import { createHostImports, type HostImports } from './host/imports.ts';
import { respondError } from './http-sink.ts';
import { LogBatch } from './log-batch.ts';
import { contextBytesPerThread } from './memory-budget.ts';
import { addFunctionMetrics } from './metrics.ts';
import { Peers } from './peers.ts';
import { type Contracts, prepare } from './prepare.ts';
import type { AppVersion, FromThread, FunctionMetrics, LogRecord, ThreadMetrics } from './protocol.ts';
import { Runtime } from './runtime.ts';
import type { HostedFunction, Version } from './version.ts';

const IDLE_SWEEP_MS = 500;

interface FunctionRoute extends Route {
  readonly fn: HostedFunction;
  readonly version: Version;
}

export interface EngineOptions {
  readonly thread: number;
  readonly threads: number;
  readonly controls: readonly WebAssembly.Memory[];
  readonly contracts: Contracts;
  /** What runs functions that are not in contexts; without it, such functions are refused. */
  readonly drivers?: Drivers;
  readonly report: (message: FromThread) => void;
  /** Contexts that all threads of the process may have together; as many as fit when absent. */
  readonly maxContexts?: number;
  /** Memory that all contexts together may use; a share of the machine's when absent. */
  readonly maxContextBytes?: number;
}

export class EngineThread implements Dispatcher<FunctionRoute> {
  readonly runtime: Runtime;
  readonly peers: Peers;
  readonly #host: HostImports;
  readonly #contracts: Contracts;
  readonly #drivers: Drivers | undefined;
  readonly #report: (message: FromThread) => void;
  readonly #logs: LogBatch;
  readonly #live = new Map<string, Version>();
  /** Versions that still serve requests, the live ones included; what a peer's call may name. */
  readonly #versions = new Set<Version>();
  readonly #routes = new Map<string, FunctionRoute>();
  /** Counters of versions that are gone, so that metrics never go back. */
  readonly #past = new Map<string, FunctionMetrics>();
  readonly #idle: NodeJS.Timeout;

  constructor(options: EngineOptions) {
    const { thread, threads, controls } = options;
    this.#contracts = options.contracts;
    this.#drivers = options.drivers;
    this.#report = options.report;
    this.#logs = new LogBatch((records) => this.#report({ type: 'log', records }));
    this.runtime = new Runtime({
      thread,
      controls,
      maxContexts: options.maxContexts ?? mostContexts(),
      maxContextBytes: options.maxContextBytes ?? contextBytesPerThread(threads),
    });
    this.runtime.freeMemory = () => this.#freeGrown();
    this.#host = createHostImports(this.runtime);
    this.peers = new Peers(thread, controls, (app, number) => [...this.#versions].find((v) => v.app === app && v.number === number));
    this.#idle = setInterval(() => this.#freeIdle(), IDLE_SWEEP_MS).unref();
  }

  route(name: string): FunctionRoute | undefined {
    return this.#routes.get(name);
  }

  dispatch(route: FunctionRoute, exchange: Exchange): void {
    const { fn, version } = route;
    if (version.retired) {
      this.#dispatchToLive(route, exchange);
      return;
    }
    try {
      const early = fn instanceof DrivenFunction ? undefined : fn.contract.admit?.(fn.spec, exchange);
      if (early) {
        exchange.respond(early.status, early.head, early.body);
        fn.counters.finished(early.status, 0);
      } else version.request(fn, exchange);
    } catch (cause) {
      const error = cause instanceof WeftError ? cause : new WeftError('WEFT_INTERNAL', { reason: String(cause) }, { cause });
      if (error.code === 'WEFT_INTERNAL') version.log(fn, 'error', cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
      else version.complain(fn, error);
      fn.counters.finished(error.entry.status, 0);
      respondError(exchange, error);
    }
  }

  /** For a request whose head came before a deploy and whose last byte after it: nothing of what the route promised need be so any more. */
  #dispatchToLive({ name, version }: FunctionRoute, exchange: Exchange): void {
    const live = this.#routes.get(`${name}.${version.app}`);
    if (!live) respondError(exchange, new WeftError('WEFT_FUNCTION_NOT_FOUND', { name }));
    else if (exchange.body.length > live.maxRequestBytes)
      respondError(exchange, new WeftError('WEFT_REQUEST_TOO_LARGE', { bytes: live.maxRequestBytes }));
    else this.dispatch(live, exchange);
  }

  /** Makes the version ready, then lets new requests into it; those under way end in the version they began in. */
  async deploy(source: AppVersion): Promise<void> {
    const { app, version: number } = source;
    try {
      const version = await prepare(source, this.#contracts, {
        runtime: this.runtime,
        host: this.#host,
        drivers: this.#drivers,
        peers: this.peers,
        log: (fn, level, text) => this.#logs.add({ time: Date.now(), level, app, function: fn.name, thread: this.runtime.thread, text }),
      });
      this.#versions.add(version);
      this.#replace(app, version);
      this.#report({ type: 'deployed', app, version: number });
    } catch (cause) {
      const error = cause instanceof WeftError ? cause : new WeftError('WEFT_INTERNAL', { reason: String(cause) }, { cause });
      this.#report({ type: 'refused', app, version: number, error: { code: error.code, details: error.details } });
    }
  }

  remove(app: string): void {
    this.#replace(app, undefined);
  }

  #replace(app: string, version: Version | undefined): void {
    const old = this.#live.get(app);
    for (const [name, route] of this.#routes) if (route.version === old) this.#routes.delete(name);
    if (version) {
      this.#live.set(app, version);
      for (const fn of version.functions) {
        const route = { name: fn.name, maxRequestBytes: fn.spec.limits.requestBytes, fn, version };
        this.#routes.set(fn.name, route);
        this.#routes.set(`${fn.name}.${app}`, route);
      }
    } else this.#live.delete(app);
    old?.retire(() => {
      this.#versions.delete(old);
      this.#remember(old);
      this.#report({ type: 'retired', app, version: old.number });
    });
  }

  /** Adds to a function's log what was found out about it elsewhere. */
  log(name: string, level: LogRecord['level'], text: string): void {
    const route = this.#routes.get(name);
    route?.version.log(route.fn, level, text);
  }

  /** Reports what was logged until now. */
  flushLogs(): void {
    this.#logs.flush();
  }

  /** 0 frees a function's contexts, n makes n ready. */
  scale(name: string, contexts: number): void {
    const fn = this.#routes.get(name)?.fn;
    // As many as there is room for are ready; to ask for more than that must not end the thread.
    const fewer = (cause: unknown): void =>
      this.log(name, 'warn', `fewer than ${contexts} are ready: ${cause instanceof Error ? cause.message : String(cause)}`);
    if (fn instanceof DrivenFunction) {
      fn.driven?.scale(contexts).catch(fewer);
      return;
    }
    try {
      if (contexts === 0) fn?.shape?.clear();
      else fn?.shape?.warm(contexts);
    } catch (cause) {
      fewer(cause);
    }
  }

  metrics(): ThreadMetrics {
    const functions = new Map(this.#past);
    for (const version of this.#versions) for (const fn of version.functions) add(functions, fn.counters.read(version.app, fn.name));
    return { thread: this.runtime.thread, functions: [...functions.values()], switches: this.runtime.switches };
  }

  #remember(version: Version): void {
    for (const fn of version.functions) add(this.#past, { ...fn.counters.read(version.app, fn.name), contextsLive: 0, contextsWaiting: 0 });
  }

  /** Scale to zero: contexts of a function that nobody calls go, its compiled module stays. */
  #freeIdle(): void {
    const now = performance.now();
    for (const version of this.#versions) {
      for (const fn of version.functions) {
        const { spec } = fn;
        if (fn instanceof DrivenFunction) {
          if (spec.idleMs > 0 && fn.running === 0 && now - fn.lastUsed >= spec.idleMs) fn.driven?.scale(0).catch(() => {}); // what does not end now is asked again
          continue;
        }
        const { shape } = fn;
        if (!shape || spec.idleMs === 0 || shape.idle === 0) continue;
        if (shape.functions.every((f) => f.running === 0 && now - f.lastUsed >= f.spec.idleMs)) shape.clear();
      }
    }
  }

  /** What functions that run nothing keep for their next large request. */
  #freeGrown(): void {
    for (const version of this.#versions) for (const fn of version.guests) fn.shape?.freeGrown();
  }

  get busy(): number {
    let chains = 0;
    for (const version of this.#versions) chains += version.chains;
    return chains;
  }

  /** What drivers started is gone when this resolves. */
  async close(): Promise<void> {
    clearInterval(this.#idle);
    this.runtime.close();
    this.peers.close();
    await Promise.all(Object.values(this.#drivers ?? {}).map((driver) => driver.close()));
    this.#logs.flush();
  }
}

/** Sums what is counted of the same function in several versions. */
function add(into: Map<string, FunctionMetrics>, metrics: FunctionMetrics): void {
  const key = `${metrics.app}/${metrics.function}`;
  const old = into.get(key);
  into.set(key, old ? addFunctionMetrics(old, metrics) : metrics);
}
