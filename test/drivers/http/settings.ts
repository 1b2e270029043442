import type { ContractName, FunctionSettings } from '../../../src/model/app.ts';
import { DEFAULT_LIMITS } from '../../../src/model/limits.ts';

/** Of a function "f" that a driver runs, with what a test changes. */
export function settings(
  contract: ContractName,
  { responseBytes = DEFAULT_LIMITS.responseBytes }: { responseBytes?: number | undefined } = {},
): FunctionSettings {
  return {
    name: 'f',
    contract,
    isolation: {
      kind: 'process',
      sandbox: 'strict',
      network: 'none',
      mounts: [],
      workDir: '/',
      resources: { processes: 50, cpus: 0, openFiles: 350, instances: 4 },
    },
    rollback: 'never',
    limits: { ...DEFAULT_LIMITS, responseBytes },
    env: {},
    secrets: {},
    args: [],
    origins: [],
    idleMs: 60_000,
    warm: 0,
  };
}
