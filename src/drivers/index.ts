/** What runs functions that are no WebAssembly, for one engine thread. */
import type { Drivers } from '../engine/driver.ts';
import { containerDriver } from './container/driver.ts';
import { processDriver, type ProcessDriverOptions } from './process/driver.ts';
import { staticDriver } from './static/driver.ts';
import type { Wires } from './wire.ts';

export function createDrivers(wires: Wires, options: ProcessDriverOptions): Drivers {
  return { process: processDriver(wires, options), container: containerDriver(wires), static: staticDriver() };
}
