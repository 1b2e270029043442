/** A function whose containers run request after request. */
import { type Driven, type DrivenRequest, promised } from '../../engine/driver.ts';
import type { Answer, Input } from '../../engine/contract.ts';
import { WeftError } from '../../model/errors.ts';
import type { ContainerFunction } from './container-function.ts';
import { NotReady } from './not-ready.ts';
import { type Instance, type Outcome, Pool } from './pool.ts';

export interface PooledOptions {
  /** Requests that one container runs at once. */
  readonly share: number;
  readonly admit: (input: Input) => Answer | undefined;
  readonly start: (closing: AbortSignal) => Promise<Instance>;
}

export class PooledFunction implements Driven {
  readonly #fn: ContainerFunction;
  readonly #options: PooledOptions;
  readonly #pool: Pool;

  constructor(fn: ContainerFunction, options: PooledOptions) {
    this.#fn = fn;
    this.#options = options;
    const { spec, isolation, host } = fn;
    this.#pool = new Pool({
      host,
      instances: isolation.resources.instances,
      share: options.share,
      idleMs: spec.idleMs,
      start: options.start,
    });
  }

  readonly run = promised((request) => this.#run(request));

  async #run(request: DrivenRequest): Promise<Outcome> {
    const early = this.#options.admit(request.input);
    if (early) return early;
    try {
      return await this.#pool.run(request);
    } catch (cause) {
      if (cause instanceof NotReady) return cause.failure;
      throw cause;
    }
  }

  async scale(instances: number): Promise<void> {
    try {
      await this.#pool.scale(instances);
    } catch (cause) {
      throw cause instanceof WeftError
        ? cause
        : new WeftError('WEFT_START_FAILED', { name: this.#fn.spec.name, reason: String(cause) }, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.#fn.close();
  }
}
