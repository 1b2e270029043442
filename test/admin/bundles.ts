/** Apps to deploy, from modules that are made elsewhere. */
import type { AppBundle, BundledFunction, FunctionSettings } from '../../src/model/app.ts';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';

export function settings(name: string, more: Partial<FunctionSettings> = {}): FunctionSettings {
  return {
    name,
    contract: 'weft',
    isolation: { kind: 'context' },
    rollback: 'request',
    limits: DEFAULT_LIMITS,
    env: {},
    secrets: {},
    args: [],
    origins: [],
    idleMs: 0,
    warm: 0,
    ...more,
  };
}

export function bundle(
  app: string,
  functions: Readonly<Record<string, Uint8Array<ArrayBuffer> | BundledFunction>>,
  merge: string[][] = [],
): AppBundle {
  return {
    app,
    merge,
    functions: Object.entries(functions).map(([name, fn]) =>
      fn instanceof Uint8Array ? { settings: settings(name), wasm: fn, files: {} } : fn,
    ),
  };
}
