import type { Chain } from '../chain.ts';
import type { Runtime } from '../runtime.ts';
import { suspending } from './suspending.ts';

/**
 * The slow path of an interrupt check. 0: the time slice is over, go on after the others had theirs. 1: the check ends in a trap.
 * Built modules come here only while the interrupt word is set, so they pay a suspension a slice.
 */
export function interruptImport(runtime: Runtime): WebAssembly.ExportValue {
  const running = (): Chain => runtime.current as Chain; // a module runs only inside a chain
  const wait = (): Promise<number> => {
    const chain = running();
    runtime.clearInterrupt();
    const end = chain.verdict() === 'end';
    // Even a chain that ends goes through the queue: its resumption must find `current` set.
    return runtime.interrupted(chain, end ? 1 : 0);
  };
  return suspending(runtime, [], wait, () => (runtime.endsHere(running()) ? 1 : 0));
}
