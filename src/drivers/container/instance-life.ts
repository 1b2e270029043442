/** What containers that run request after request have in common: frozen while idle, forsaken when not to be trusted, and ended once. */
import type { Instance } from '../instance-pool.ts';
import type { Container } from './container.ts';
import type { ContainerFunction } from './container-function.ts';
import { Freezer } from './freezer.ts';
import { InstanceLost } from './pooled-function.ts';

/** Between SIGTERM and SIGKILL. */
const STOP_SECONDS = 10;

export interface LifeParts {
  readonly fn: ContainerFunction;
  readonly container: Container;
  /** Frozen when idle for so long; 0: never. */
  readonly freezeMs: number;
  /** Lets go of what it holds of the running container. */
  readonly letGo: () => void;
}

export class InstanceLife implements Instance {
  readonly gone: Promise<void>;
  readonly #parts: LifeParts;
  readonly #freezer: Freezer;
  readonly #leaving = Promise.withResolvers<void>();
  #forsaken = false;
  #ended: Promise<void> | undefined;

  constructor(parts: LifeParts) {
    const { fn, container, freezeMs } = parts;
    this.#parts = parts;
    this.#freezer = new Freezer({
      api: fn.engine.api,
      container,
      idleMs: freezeMs,
      cannot: (reason) => fn.host.log('warn', `idle containers go on running: the engine cannot freeze them: ${reason}`),
    });
    this.gone = Promise.race([this.#leaving.promise, container.ended.then(() => {})]);
    this.#freezer.idle();
  }

  get forsaken(): boolean {
    return this.#forsaken;
  }

  get usable(): boolean {
    return !this.#forsaken && !this.#parts.container.end;
  }

  /** @throws InstanceLost */
  async wake(): Promise<void> {
    try {
      await this.#freezer.wake();
    } catch (cause) {
      this.forsake();
      throw new InstanceLost('it does not go on', { cause });
    }
  }

  /** It runs nothing. */
  idle(): void {
    if (this.usable) this.#freezer.idle();
  }

  /** It gets no more requests, and is killed. */
  forsake(): void {
    this.#forsaken = true;
    this.#leaving.resolve();
  }

  end(): Promise<void> {
    this.#leaving.resolve();
    return (this.#ended ??= this.#end());
  }

  async #end(): Promise<void> {
    const { container, letGo } = this.#parts;
    await this.#freezer.wake().catch(() => {}); // what is frozen does not hear SIGTERM
    letGo();
    if (this.#forsaken) await container.remove();
    else await container.stop(STOP_SECONDS);
  }
}
