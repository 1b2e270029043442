/**
 * Everything a module can import, made once per engine thread and shared by all its contexts: ten thousand contexts then
 * cost no closures. A host function finds out who calls by `runtime.current`.
 */
import type { Runtime } from '../runtime.ts';
import type { SwitchHost } from '../switch.ts';
import { callImports, type CallHost } from './calls.ts';
import { fetchImports } from './fetch.ts';
import { interruptImport } from './interrupt.ts';
import { sendImports } from './send.ts';
import { systemImports } from './system.ts';
import { wasiImports } from './wasi/imports.ts';

export interface HostImports {
  /** Names a module may import, as `module.name`. */
  readonly provided: ReadonlySet<string>;
  readonly forSwitch: SwitchHost;
  importsFor(memory: WebAssembly.Memory, link: WebAssembly.Exports | undefined, member: number): WebAssembly.Imports;
}

export function createHostImports(runtime: Runtime): HostImports {
  const calls: CallHost = callImports(runtime);
  const wasi = wasiImports(runtime);
  const weft = {
    control: runtime.control,
    interrupt: interruptImport(runtime),
    ...calls.imports,
    ...systemImports(runtime),
    ...sendImports(runtime),
    ...fetchImports(runtime),
  };
  const names = (module: string, fields: object): string[] => Object.keys(fields).map((field) => `${module}.${field}`);
  return {
    provided: new Set(['env.memory', ...names('weft', weft), ...names('wasi_snapshot_preview1', wasi)]),
    forSwitch: calls.forSwitch,
    importsFor: (memory, link, member) => ({
      env: { memory },
      weft: link ? { ...weft, call: link[`call_${member}`], result: link[`result_${member}`], resolve: link[`resolve_${member}`] } : weft,
      wasi_snapshot_preview1: wasi,
    }),
  };
}
