/** Functions in containers: whatever the engine of this machine, or another, runs as an image. */
import type { Driven, DrivenHost, DrivenRequest, End, DrivenSource, Driver } from '../../engine/driver.ts';
import { WeftError } from '../../model/errors.ts';
import type { HttpWire, StdioWire, Wires } from '../wire.ts';
import { ContainerFunction } from './container-function.ts';
import { isolationOf } from './container-settings.ts';
import type { Env } from './docker-config.ts';
import { ContainerEngine } from './engine.ts';
import { ForkFunction } from './fork-function.ts';
import { HotInstance } from './hot-instance.ts';
import { PooledFunction, type PooledOptions } from './pooled-function.ts';
import { ServerInstance } from './server-instance.ts';

export interface ContainerDriverOptions {
  /** Where the engine is, and who may pull: DOCKER_HOST and the like. */
  readonly env?: Env;
}

/** A server that takes many requests at once gets so many before another one is started. */
const REQUESTS_PER_SERVER = 64;
/** Fn freezes its functions so soon; they do nothing between requests. */
const FREEZE_SOCKET_MS = 50;
/** Others may have something to finish. */
const FREEZE_MS = 1000;

export function containerDriver(wires: Wires, { env = process.env }: ContainerDriverOptions = {}): Driver {
  return new ContainerDriver(wires, env);
}

class ContainerDriver implements Driver {
  readonly #wires: Wires;
  readonly #env: Env;
  readonly #open = new Set<Driven>();
  #engine: Promise<ContainerEngine> | undefined;

  constructor(wires: Wires, env: Env) {
    this.#wires = wires;
    this.#env = env;
  }

  async open(source: DrivenSource, host: DrivenHost): Promise<Driven> {
    const { spec } = source;
    const wire = this.#wires[spec.contract];
    if (!wire) throw refused(spec.name, `contract ${spec.contract} is for contexts only`);
    if (wire.kind === 'calls') throw refused(spec.name, `contract ${spec.contract} cannot have isolation container`);
    if (wire.kind === 'http' && wire.listens === 'port' && isolationOf(spec).network === 'none')
      throw refused(spec.name, 'its server listens on a port, which network none leaves no way to; use network bridge');
    const fn = await ContainerFunction.open(
      await this.#connect(),
      source,
      host,
      this.#env,
      wire.kind === 'http' && wire.listens === 'unix',
    );
    const driven = new Remembered(this.#drive(fn, wire), this.#open);
    try {
      await driven.scale(spec.warm);
      return driven;
    } catch (cause) {
      await driven.close();
      throw cause;
    }
  }

  async close(): Promise<void> {
    const closed = [...this.#open].map((driven) => driven.close());
    const engine = await this.#engine?.catch(() => undefined);
    // Those that are asked to end would be waited for.
    await engine?.removeAll();
    await Promise.all(closed);
    engine?.close();
  }

  #drive(fn: ContainerFunction, wire: HttpWire | StdioWire): Driven {
    const { spec } = fn;
    const admit: PooledOptions['admit'] = (input) => wire.admit?.(spec, input);
    if (wire.kind === 'http') {
      const freezeMs = freezeMsOf(fn, wire.listens === 'unix' ? FREEZE_SOCKET_MS : FREEZE_MS);
      const start: PooledOptions['start'] = (closing) => ServerInstance.start(fn, wire, freezeMs, closing);
      return new PooledFunction(fn, { share: wire.exclusive ? 1 : REQUESTS_PER_SERVER, admit, start });
    }
    if (wire.life(spec) === 'fork') return new ForkFunction(fn, wire);
    return new PooledFunction(fn, { share: 1, admit, start: () => HotInstance.start(fn, wire, freezeMsOf(fn, FREEZE_MS)) });
  }

  /** One that was not there may be there later. */
  #connect(): Promise<ContainerEngine> {
    this.#engine ??= ContainerEngine.connect(this.#env).catch((cause: unknown) => {
      this.#engine = undefined;
      throw cause;
    });
    return this.#engine;
  }
}

/** Is among the open ones until it is closed, which it is once. */
class Remembered implements Driven {
  readonly #driven: Driven;
  readonly #among: Set<Driven>;
  #closed: Promise<void> | undefined;

  constructor(driven: Driven, among: Set<Driven>) {
    this.#driven = driven;
    this.#among = among;
    among.add(this);
  }

  run(request: DrivenRequest, ended: (end: End) => void): void {
    this.#driven.run(request, ended);
  }

  scale(instances: number): Promise<void> {
    return this.#driven.scale(instances);
  }

  close(): Promise<void> {
    this.#closed ??= this.#driven.close().finally(() => this.#among.delete(this));
    return this.#closed;
  }
}

function freezeMsOf({ isolation }: ContainerFunction, usual: number): number {
  return isolation.freezeMs ?? usual;
}

function refused(name: string, reason: string): WeftError {
  return new WeftError('WEFT_MODULE_REFUSED', { name, reason });
}
