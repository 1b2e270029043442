/** Functions as other platforms' manifests describe them: sources of C or C++, a container image, or files. */
import { join, relative, sep } from 'node:path';
import { readdir } from 'node:fs/promises';
import type { ContractName, FunctionSpec, Resources } from '../../model/app.ts';
import { SOURCE_EXTENSIONS } from '../build.ts';
import { guessContract } from '../guess-contract.ts';
import { STATIC_ROOT } from '../isolation.ts';
import { findFiles, findPath } from '../lookup.ts';
import { plainFunction } from '../single-source.ts';
import type { Report } from './reading.ts';

/** Roomy, as these platforms limit neither: what must be bounded is bounded all the same. */
const RESOURCES: Resources = { processes: 512, cpus: 0, openFiles: 1024, instances: 16 };
/** A native program brings its libraries along. */
const NATIVE_MEMORY_BYTES = 128 * 2 ** 20;
const MAX_SERVED = 10_000;
/** More would not fit a machine; what a manifest of another platform allows at most is no order. */
const MAX_INSTANCES = 1000;

/** All C and C++ sources of a folder; none when it has none or is not there. */
export async function sourcesIn(dir: string, folder: string): Promise<readonly string[]> {
  const ignored = (): void => {};
  if ((await findPath(dir, folder, 'folder', ignored)) === undefined) return [];
  return findFiles(join(dir, folder), '**/*', SOURCE_EXTENSIONS, ignored);
}

export interface FromSources {
  readonly name: string;
  readonly sources: readonly string[];
  readonly include: readonly string[];
  /** As an annotation says. */
  readonly isolation: 'context' | 'process' | undefined;
  readonly contract: ContractName | undefined;
  /** When neither that nor the sources say it. */
  readonly otherwise: ContractName;
}

/** A server needs a network, which only a process can have. */
export async function fromSources({ name, sources, include, isolation, contract, otherwise }: FromSources): Promise<FunctionSpec> {
  const known = contract ?? (await guessContract(sources)) ?? otherwise;
  const plain = plainFunction(name, known, sources);
  const spec: FunctionSpec = plain.build.kind === 'sources' ? { ...plain, build: { ...plain.build, includeDirs: include } } : plain;
  if ((isolation ?? (known === 'http' ? 'process' : 'context')) === 'context') return spec;
  return {
    ...spec,
    isolation: { kind: 'process', sandbox: 'strict', network: 'none', mounts: [], workDir: '/tmp', resources: RESOURCES },
    limits: { ...spec.limits, memoryBytes: NATIVE_MEMORY_BYTES },
  };
}

export interface FromImage {
  readonly name: string;
  readonly image: string;
  readonly contract: ContractName;
  readonly port?: number;
}

export function fromImage({ name, image, contract, port }: FromImage): FunctionSpec {
  const plain = plainFunction(name, contract, []);
  return {
    ...plain,
    isolation: {
      kind: 'container',
      image,
      ...(port === undefined ? {} : { port }),
      network: 'bridge',
      mounts: [],
      resources: RESOURCES,
    },
    build: { kind: 'none' },
    limits: { ...plain.limits, memoryBytes: NATIVE_MEMORY_BYTES },
  };
}

/** All files of a folder, served as they are. */
export async function fromFiles(name: string, folder: string, report: Report): Promise<FunctionSpec> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (paths.length === 0) report('there is no file to serve');
  if (paths.length > MAX_SERVED) report(`there are more than ${MAX_SERVED} files to serve`);
  const files = paths.toSorted().map((path) => [`${STATIC_ROOT}/${relative(folder, path).split(sep).join('/')}`, path] as const);
  return {
    ...plainFunction(name, 'http', []),
    isolation: { kind: 'static', root: STATIC_ROOT },
    build: { kind: 'none' },
    files: Object.fromEntries(files),
  };
}

/** What one process or container may use, changed in part; contexts have nothing of the kind. */
export function withResources(spec: FunctionSpec, change: Partial<Resources>): FunctionSpec {
  const { isolation } = spec;
  if (isolation.kind !== 'process' && isolation.kind !== 'container') return spec;
  const resources = { ...isolation.resources, ...change };
  return { ...spec, isolation: { ...isolation, resources: { ...resources, instances: Math.min(resources.instances, MAX_INSTANCES) } } };
}
