/**
 * What runs functions that are no WebAssembly, for one engine thread. A driver's code is loaded with the first function it is to run: it
 * is more than the engine's own, most platforms need none of it, and a thread starts (and one that died is replaced) in half the time.
 */
import type { Driven, DrivenHost, DrivenSource, Driver, Drivers } from '../engine/driver.ts';
import type { ProcessDriverOptions } from './process/driver.ts';
import type { Wires } from './wire.ts';

export function createDrivers(wires: () => Promise<Wires>, options: ProcessDriverOptions): Drivers {
  return {
    process: new LazyDriver(async () => (await import('./process/driver.ts')).processDriver(await wires(), options)),
    container: new LazyDriver(async () => (await import('./container/driver.ts')).containerDriver(await wires())),
    static: new LazyDriver(async () => (await import('./static/driver.ts')).staticDriver()),
  };
}

class LazyDriver implements Driver {
  readonly #load: () => Promise<Driver>;
  #loading: Promise<Driver> | undefined;
  #loaded: Driver | undefined;

  constructor(load: () => Promise<Driver>) {
    this.#load = load;
  }

  async open(source: DrivenSource, host: DrivenHost): Promise<Driven> {
    this.#loaded ??= await this.#ready();
    return this.#loaded.open(source, host);
  }

  /** What failed may work the next time: files were out, or are being replaced. */
  #ready(): Promise<Driver> {
    this.#loading ??= this.#load().catch((cause: unknown) => {
      this.#loading = undefined;
      throw cause;
    });
    return this.#loading;
  }

  /** At once, if there is anything to end: a request that comes behind this is refused. */
  async close(): Promise<void> {
    await (this.#loaded ?? (await this.#loading?.catch(() => undefined)))?.close();
  }
}
