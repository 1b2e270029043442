import { assemble, exportFunction, functionType, I32, importFunction, importMemory, op } from '../asm.ts';
import type { Chain } from '../chain.ts';
import { MAY_NOT_SUSPEND } from '../ledger.ts';
import type { Runtime } from '../runtime.ts';

/**
 * The slow path of an interrupt check. 0: the time slice is over, go on after the others had theirs. 1: the check ends in a trap.
 * Built modules come here only while the interrupt word is set, so they pay a suspension a slice.
 *
 * It is generated, because whoever calls a suspending import is suspended, and where JavaScript called the guest (to find room for its
 * input, or to run it on the thread's own stack) it must not be.
 */
export function interruptImport(runtime: Runtime): WebAssembly.ExportValue {
  const suspending = new WebAssembly.Suspending(() => {
    const chain = runtime.current as Chain; // a module runs only inside a chain
    runtime.clearInterrupt();
    const end = chain.verdict() === 'end';
    // Even a chain that ends goes through the queue: its resumption must find `current` set.
    return runtime.interrupted(chain, end ? 1 : 0);
  });
  const here = (): number => (runtime.endsHere(runtime.current as Chain) ? 1 : 0); // likewise
  const { exports } = new WebAssembly.Instance(interruptModule(), { e: { suspending, here, ledger: runtime.ledger.memory } });
  return exports['interrupt'] as WebAssembly.ExportValue; // exported below
}

function interruptModule(): WebAssembly.Module {
  const [suspending, here] = [0, 1];
  const code = [...op.i32(MAY_NOT_SUSPEND * 4), ...op.load(0), ...op.ifElse(op.call(here), op.call(suspending), I32)];
  return new WebAssembly.Module(
    assemble({
      types: [functionType([], [I32])],
      imports: [importFunction('e', 'suspending', 0), importFunction('e', 'here', 0), importMemory('e', 'ledger')],
      functions: [{ type: 0, i32s: 0, code }],
      exports: [exportFunction('interrupt', 2)],
    }),
  );
}
