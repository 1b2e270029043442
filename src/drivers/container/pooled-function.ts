/** A function whose containers run request after request. */
import { asWeftError, type Driven, type DrivenRequest, type End } from '../../engine/driver.ts';
import type { Answer, Input } from '../../engine/contract.ts';
import { type Instance, InstancePool, type Lease } from '../instance-pool.ts';
import type { ContainerFunction } from './container-function.ts';
import { NotReady } from './not-ready.ts';

/** A container that takes requests. */
export interface Runner extends Instance {
  /** @throws InstanceLost when it never saw the request: another one can run it */
  run(request: DrivenRequest): Promise<End>;
}

export class InstanceLost extends Error {}

export interface PooledOptions {
  /** Requests that one container runs at once. */
  readonly share: number;
  readonly admit: (input: Input) => Answer | undefined;
  readonly start: (closing: AbortSignal) => Promise<Runner>;
}

export class PooledFunction implements Driven {
  readonly #fn: ContainerFunction;
  readonly #admit: PooledOptions['admit'];
  readonly #pool: InstancePool<Runner>;

  constructor(fn: ContainerFunction, { share, admit, start }: PooledOptions) {
    this.#fn = fn;
    this.#admit = admit;
    const { spec, isolation, host } = fn;
    this.#pool = new InstancePool({
      name: spec.name,
      most: isolation.resources.instances,
      each: share,
      idleMs: spec.idleMs,
      start,
      instances: (change) => host.instances(change),
      coldStart: () => host.coldStart(),
      warn: (text) => host.log('warn', text),
    });
  }

  run(request: DrivenRequest, ended: (end: End) => void): void {
    const early = this.#admit(request.input);
    if (early) ended(early);
    else this.#runSomewhere(request, ended);
  }

  scale(instances: number): Promise<void> {
    return this.#pool.scale(instances);
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.#fn.close();
  }

  #runSomewhere(request: DrivenRequest, ended: (end: End) => void): void {
    const refuse = (reason: Error): void => ended(reason instanceof NotReady ? reason.failure : asWeftError(reason));
    this.#pool.acquire(request.ending, (lease) => void this.#runIn(lease, request, ended), refuse);
  }

  async #runIn({ instance, release }: Lease<Runner>, request: DrivenRequest, ended: (end: End) => void): Promise<void> {
    const end = await instance.run(request).catch((cause: unknown) => (cause instanceof InstanceLost ? cause : asWeftError(cause)));
    if (end instanceof InstanceLost) {
      release('lost');
      this.#runSomewhere(request, ended);
    } else {
      release();
      ended(end);
    }
  }
}
