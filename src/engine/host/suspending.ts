import { CALL_ERROR } from '../abi.ts';
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

interface Steps {
  /** Answers, or says that it has to wait: CALL_ERROR.pending. */
  readonly first: (...args: number[]) => number;
  readonly wait: () => Promise<number>;
}

/** The same for what only sometimes has to wait: then nothing is suspended that need not be. */
export function suspendingAfter(runtime: Runtime, params: readonly number[], { first, wait }: Steps): WebAssembly.ExportValue {
  const imports = { first, wait: suspending(runtime, [], wait) };
  const { exports } = new WebAssembly.Instance(moduleAfter(params), { e: imports });
  return exports['first'] as WebAssembly.ExportValue; // exported below
}

function moduleAfter(params: readonly number[]): WebAssembly.Module {
  const [first, wait] = [0, 1];
  const [withParams, without] = [0, 1];
  const result = params.length;
  const asked: Code = [...params.flatMap((_, i) => op.get(i)), ...op.call(first), ...op.tee(result)];
  const code = [...asked, ...op.i32(CALL_ERROR.pending), ...op.eq, ...op.ifElse(op.call(wait), op.get(result), I32)];
  return new WebAssembly.Module(
    assemble({
      types: [functionType(params, [I32]), functionType([], [I32])],
      imports: [importFunction('e', 'first', withParams), importFunction('e', 'wait', without)],
      functions: [{ type: withParams, i32s: 1, code }],
      exports: [exportFunction('first', 2)],
    }),
  );
}
