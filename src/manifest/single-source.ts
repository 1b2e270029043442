/** An app of one function, which is one file; and the function of which nothing else is known. */
import { dirname } from 'node:path';
import type { App, ContractName, FunctionSpec } from '../model/app.ts';
import { DEFAULT_LIMITS, IDLE_MS } from '../model/limits.ts';
import { languagesOf } from './build.ts';
import { entryFromName } from './entry.ts';
import { WARM } from './function.ts';
import { guessContract } from './guess-contract.ts';
import { defaultStack } from './limits.ts';
import { nameFromPath } from './names.ts';

export async function singleSourceApp(path: string): Promise<App> {
  const name = nameFromPath(path);
  const plain = plainFunction(name, (await guessContract([path])) ?? 'stdio', [path]);
  return { name, functions: [plain], merge: [], dir: dirname(path) };
}

export function plainFunction(name: string, contract: ContractName, sources: readonly string[]): FunctionSpec {
  return {
    name,
    contract,
    isolation: { kind: 'context' },
    build: {
      kind: 'sources',
      sources,
      includeDirs: [],
      defines: [],
      flags: [],
      linkFlags: [],
      libraries: [],
      ...languagesOf(undefined),
      stackBytes: defaultStack(contract),
      ...entryFromName(name, contract),
    },
    limits: DEFAULT_LIMITS,
    rollback: 'request',
    env: {},
    secrets: {},
    args: [],
    files: {},
    origins: [],
    idleMs: IDLE_MS,
    warm: WARM,
    ...(contract === 'nightcore' ? { nightcore: { allowHttpGet: false, qsAsInput: false } } : {}),
  };
}
