/** From what the registry holds of an app to what engine threads serve: modules compiled once, files in shared memory. */
import type { AppVersion, DeployedFunction } from '../engine/protocol.ts';
import { WeftError } from '../model/errors.ts';
import type { AppContent, AppRecord, FunctionRecord } from '../registry/record.ts';

/** An app that is served. */
export interface LiveApp {
  readonly record: AppRecord;
  readonly version: AppVersion;
  /** The highest number that was given to a version of it, served or refused: a number is used for one content only. */
  attempted: number;
}

export type ReadArtifact = (digest: string) => Promise<Uint8Array<ArrayBuffer>>;

export interface VersionSource {
  readonly app: string;
  readonly version: number;
  readonly content: AppContent;
  readonly read: ReadArtifact;
  /** Path at which an artifact can be executed. */
  readonly placeProgram: (digest: string) => Promise<string>;
  /** What did not change since is taken from here. */
  readonly before: LiveApp | undefined;
}

/** @throws WeftError WEFT_MODULE_REFUSED, and what `read` throws */
export async function loadVersion({ app, version, content, read, placeProgram, before }: VersionSource): Promise<AppVersion> {
  const { modules, files } = loadedOf(before);
  const load = async (fn: FunctionRecord): Promise<DeployedFunction> => {
    const { wasm, executable } = fn;
    refuseWithoutProgram(fn);
    const module = wasm === undefined ? undefined : once(modules, wasm, async () => compile(fn.settings.name, await read(wasm)));
    const packed = Object.entries(fn.files).map(async ([path, digest]) => {
      return [path, await once(files, digest, async () => shared(await read(digest)))] as const;
    });
    return {
      spec: fn.settings,
      module: await module,
      program: executable === undefined ? undefined : await placeProgram(executable),
      files: Object.fromEntries(await Promise.all(packed)),
    };
  };
  const functions = await Promise.allSettled(content.functions.map(load));
  return { app, version, functions: functions.map(valueOf), merge: content.merge };
}

function refuseWithoutProgram({ settings, wasm, executable }: FunctionRecord): void {
  const { kind } = settings.isolation;
  const missing = kind === 'context' ? wasm === undefined && 'module' : kind === 'process' && executable === undefined && 'executable';
  if (missing) throw new WeftError('WEFT_MODULE_REFUSED', { name: settings.name, reason: `it has isolation ${kind} and no ${missing}` });
}

interface Loaded {
  readonly modules: Map<string, Promise<WebAssembly.Module>>;
  readonly files: Map<string, Promise<Uint8Array>>;
}

function loadedOf(app: LiveApp | undefined): Loaded {
  const loaded: Loaded = { modules: new Map(), files: new Map() };
  for (const [at, fn] of (app?.record.functions ?? []).entries()) {
    const deployed = app?.version.functions[at];
    if (!deployed) continue;
    if (fn.wasm !== undefined && deployed.module) loaded.modules.set(fn.wasm, Promise.resolve(deployed.module));
    for (const [path, content] of Object.entries(deployed.files)) {
      const digest = fn.files[path];
      if (digest !== undefined) loaded.files.set(digest, Promise.resolve(content));
    }
  }
  return loaded;
}

function once<T>(known: Map<string, Promise<T>>, digest: string, make: () => Promise<T>): Promise<T> {
  const made = known.get(digest) ?? make();
  known.set(digest, made);
  return made;
}

async function compile(name: string, wasm: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(wasm);
  } catch (cause) {
    throw new WeftError('WEFT_MODULE_REFUSED', { name, reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}

/** One copy for all threads. */
function shared(content: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(content.length));
  copy.set(content);
  return copy;
}

/** Only after all have settled: nothing goes on behind an error. */
function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
