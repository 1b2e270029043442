import { assemble, type Code, exportFunction, functionType, I32, importFunction, importMemory, op } from '../asm.ts';
import { MAY_NOT_SUSPEND } from '../ledger.ts';
import type { Runtime } from '../runtime.ts';

/**
 * A host function that suspends its caller. V8 throws where JavaScript waits for the guest, and before the host function is called, so
 * that a guest could catch it; hence it is generated, and looks first whether the caller can be suspended at all.
 */
export function suspending(
  runtime: Runtime,
  params: readonly number[],
  wait: (...args: number[]) => Promise<number>,
  here: () => number = () => runtime.startOver(),
): WebAssembly.ExportValue {
  const imports = { wait: new WebAssembly.Suspending(wait), here, ledger: runtime.ledger.memory };
  const { exports } = new WebAssembly.Instance(moduleFor(params), { e: imports });
  return exports['wait'] as WebAssembly.ExportValue; // exported below
}

function moduleFor(params: readonly number[]): WebAssembly.Module {
  const [wait, here] = [0, 1];
  const [withParams, without] = [0, 1];
  const passed: Code = params.flatMap((_, i) => op.get(i));
  const code = [...op.i32(MAY_NOT_SUSPEND * 4), ...op.load(0), ...op.ifElse(op.call(here), [...passed, ...op.call(wait)], I32)];
  return new WebAssembly.Module(
    assemble({
      types: [functionType(params, [I32]), functionType([], [I32])],
      imports: [importFunction('e', 'wait', withParams), importFunction('e', 'here', without), importMemory('e', 'ledger')],
      functions: [{ type: withParams, i32s: 0, code }],
      exports: [exportFunction('wait', 2)],
    }),
  );
}
