/** What keeps a function apart: `isolation` and the keys that belong to one kind of it alone. */
import { resolve } from 'node:path';
import type { ContractName, Isolation, ListenAddress, Mount, Resources } from '../model/app.ts';
import { readFreeze } from './limits.ts';
import { findPath } from './lookup.ts';
import { quote } from './nearest.ts';
import type { FunctionShape } from './schema.ts';
import type { FunctionScope } from './scope.ts';

/** Which contracts each kind can host; the first is that of a program about which nothing is said. */
const HOSTED: Readonly<Record<Isolation['kind'], readonly ContractName[]>> = {
  context: ['stdio', 'weft', 'nightcore', 'functions-framework', 'fn'],
  process: ['stdio', 'nightcore', 'functions-framework', 'fn', 'http'],
  // An image of a functions-framework listens on a port, as any server: contract http.
  container: ['http', 'stdio', 'fn'],
  static: ['http'],
};
/** Where the files of a static function are packed. */
export const STATIC_ROOT = '/public';

/** Keys that mean something for these kinds only. */
const KEYS: readonly (readonly [key: keyof FunctionShape, ...kinds: Isolation['kind'][]])[] = [
  ['sandbox', 'process'],
  ['workDir', 'process'],
  ['mounts', 'process', 'container'],
  ['listen', 'process', 'container'],
  ['network', 'process', 'container'],
  ['health', 'process', 'container'],
  ['freeze', 'container'],
  ['origins', 'context'],
  ['rollback', 'context'],
  ['stack', 'context'],
  ['args', 'context', 'process', 'container'],
  ['files', 'context', 'process', 'container'],
];
const RESOURCE_LIMITS = ['processes', 'cpus', 'openFiles', 'instances'] as const;

/** Enough for what is small, dear to what runs wild. */
const DEFAULT_RESOURCES: Resources = { processes: 64, cpus: 0, openFiles: 1024, instances: 16 };
/** As Fn limits a function's container: an image made for it has shown that it can live with that. */
const FN_RESOURCES: Resources = { ...DEFAULT_RESOURCES, processes: 50, openFiles: 350 };

export function kindOf(scope: FunctionScope): Isolation['kind'] {
  const { own } = scope;
  if (own.static !== undefined) return 'static';
  return own.isolation ?? (own.image === undefined ? (own.executable === undefined ? 'context' : 'process') : 'container');
}

/** How a program is written, when neither manifest nor sources say it. */
export function usualContract(scope: FunctionScope): ContractName {
  const kind = kindOf(scope);
  return kind === 'process' && scope.own.listen !== undefined ? 'http' : (HOSTED[kind][0] ?? 'stdio');
}

/** What is wrong is reported; what comes back then is of no use. */
export async function readIsolation(scope: FunctionScope, contract: ContractName): Promise<Isolation> {
  const kind = kindOf(scope);
  complainOfStrangers(scope, kind);
  if (!HOSTED[kind].includes(contract)) {
    const at = scope.own.contract === undefined ? scope.atKey() : scope.at('contract');
    at(`contract ${contract} cannot have isolation ${kind}: there it is ${HOSTED[kind].join(', ')}`);
  }
  switch (kind) {
    case 'context':
      return { kind };
    case 'process':
      return readProcess(scope, contract);
    case 'container':
      return readContainer(scope, contract);
    case 'static':
      return { kind, root: STATIC_ROOT };
  }
}

async function readProcess(scope: FunctionScope, contract: ContractName): Promise<Isolation> {
  const { own } = scope;
  if (own.network === 'bridge') scope.at('network')('network bridge is for isolation container; a process has none or host');
  if (own.listen !== undefined && contract !== 'http')
    scope.atKey('listen')(`listen is for contract http; a function of contract ${contract} is told where to listen`);
  return {
    kind: 'process',
    sandbox: own.sandbox ?? 'strict',
    network: own.network === 'host' ? 'host' : 'none',
    mounts: await readMounts(scope),
    workDir: own.workDir ?? '/tmp',
    ...(own.listen === undefined ? {} : { listen: listenAt(own.listen) }),
    resources: readResources(scope),
  };
}

async function readContainer(scope: FunctionScope, contract: ContractName): Promise<Isolation> {
  const { own } = scope;
  const freezeMs = readFreeze(scope);
  if (own.network === 'host') scope.at('network')('network host is for isolation process; a container has none or bridge');
  if (typeof own.listen === 'string') scope.at('listen')('a container listens on a port: listen: 8080');
  return {
    kind: 'container',
    image: own.image ?? '',
    ...(own.args === undefined ? {} : { command: own.args }),
    ...(typeof own.listen === 'number' ? { port: own.listen } : {}),
    network: own.network === 'none' ? 'none' : 'bridge',
    ...(freezeMs === undefined ? {} : { freezeMs }),
    mounts: await readMounts(scope),
    resources: readResources(scope, contract === 'fn' ? FN_RESOURCES : DEFAULT_RESOURCES),
  };
}

function listenAt(listen: number | string): ListenAddress {
  return typeof listen === 'number' ? { kind: 'port', port: listen } : { kind: 'unix', path: listen };
}

async function readMounts(scope: FunctionScope): Promise<Mount[]> {
  const found: Mount[] = [];
  for (const [to, given] of Object.entries(scope.own.mounts ?? {})) {
    const { from, writable = false } = typeof given === 'string' ? { from: given } : given;
    const report = typeof given === 'string' ? scope.at('mounts', to) : scope.at('mounts', to, 'from');
    if (to === '/') scope.atKey('mounts', to)('mounts: nothing can be mounted at "/"');
    const folder = await findPath(scope.reading.dir, from, 'folder', report);
    found.push({ from: folder ?? resolve(scope.reading.dir, from), to, writable });
  }
  return found;
}

function readResources(scope: FunctionScope, usual = DEFAULT_RESOURCES): Resources {
  const { limits } = scope;
  const { health } = scope.own;
  return {
    processes: limits.processes ?? usual.processes,
    cpus: limits.cpus ?? usual.cpus,
    openFiles: limits.openFiles ?? usual.openFiles,
    instances: limits.instances ?? usual.instances,
    ...(health === undefined ? {} : { healthPath: health }),
  };
}

/** A key that would change nothing is a mistake: whoever wrote it expects that it does. */
function complainOfStrangers(scope: FunctionScope, kind: Isolation['kind']): void {
  for (const [key, ...kinds] of KEYS) {
    if (scope.own[key] !== undefined && !kinds.includes(kind))
      scope.atKey(key)(`${key} is for isolation ${kinds.join(' and ')}; this function has isolation ${kind}`);
  }
  if (kind === 'static' && scope.own.isolation !== undefined)
    scope.at('isolation')(`nothing runs in a function that is static; it has no isolation ${scope.own.isolation}`);
  if (scope.own.image !== undefined && kind !== 'container')
    scope.at('isolation')(`a function with an image has isolation container, not ${kind}`);
  if (scope.own.image === undefined && kind === 'container') scope.at('isolation')('isolation container needs an image');
  if (scope.own.executable !== undefined && kind !== 'process')
    scope.at('isolation')(`a function with an executable has isolation process, not ${kind}`);
  if (scope.own.wasm !== undefined && kind !== 'context')
    scope.at('isolation')(`a module (${quote(scope.own.wasm)}) has isolation context, not ${kind}`);
  for (const key of RESOURCE_LIMITS) {
    if ((kind === 'context' || kind === 'static') && scope.own.limits?.[key] !== undefined)
      scope.atKey('limits', key)(`limits.${key} is for isolation process and container; this function has isolation ${kind}`);
  }
}
