/** From an app's sources to what a deploy needs. */
import { readFile } from 'node:fs/promises';
import type { App, AppBundle, BundledFunction, FunctionSettings, FunctionSpec } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import type { BuildOptions, BuildReport, Builder } from '../toolchain/index.ts';
import type { BuildProgress } from './build-progress.ts';

export interface BuiltApp {
  readonly bundle: AppBundle;
  /** Function → how it was built; nothing for what is in an image. */
  readonly artifacts: ReadonlyMap<string, BuildReport>;
}

export interface BundleOptions {
  readonly builder: Builder;
  readonly progress?: BuildProgress;
  readonly signal?: AbortSignal;
}

/** Builds all functions at once. @throws AggregateError with the errors of all that failed */
export async function bundleApp(app: App, options: BundleOptions): Promise<BuiltApp> {
  const built = await settled(app.functions.map((fn) => buildFunction(fn, options)));
  return {
    bundle: { app: app.name, functions: built.map(({ bundled }) => bundled), merge: app.merge },
    artifacts: new Map(built.flatMap(({ bundled, report }) => (report ? [[bundled.settings.name, report] as const] : []))),
  };
}

/** Waits for all of them, so that every mistake is told and nothing goes on behind an error. */
export async function settled<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(tasks);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors);
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

async function buildFunction(fn: FunctionSpec, { builder, progress, signal }: BundleOptions) {
  const began = performance.now();
  try {
    const options = { onProgress: (step: string) => progress?.step(fn.name, step), ...(signal === undefined ? {} : { signal }) };
    const { report, program } = await buildProgram(fn, builder, options);
    const { labels = {}, annotations = {} } = fn;
    const bundled: BundledFunction = { settings: settingsOf(fn), ...program, files: await packedFiles(fn), labels, annotations };
    if (report) progress?.built(fn.name, report, performance.now() - began);
    return { report, bundled };
  } catch (error) {
    progress?.failed(fn.name);
    throw error;
  }
}

/** What its isolation runs: a module, a native program, an image that is there already, or nothing at all. */
async function buildProgram(fn: FunctionSpec, builder: Builder, options: BuildOptions): Promise<Program> {
  switch (fn.isolation.kind) {
    case 'context': {
      const { wasm, ...report } = await builder.build(fn, options);
      return { program: { wasm }, report };
    }
    case 'process': {
      const { executable, ...report } = await builder.buildNative(fn, options);
      return { program: { executable }, report };
    }
    case 'container':
    case 'static':
      return { program: {}, report: undefined };
  }
}

interface Program {
  readonly program: Pick<BundledFunction, 'wasm' | 'executable'>;
  readonly report: BuildReport | undefined;
}

function settingsOf({
  build: _build,
  files: _files,
  labels: _labels,
  annotations: _annotations,
  ...settings
}: FunctionSpec): FunctionSettings {
  return settings;
}

async function packedFiles(fn: FunctionSpec): Promise<BundledFunction['files']> {
  const read = Object.entries(fn.files).map(async ([guest, path]) => {
    const bytes = await readFile(path).catch((cause: Error) => {
      throw new WeftError('WEFT_FILE', { path, reason: cause.message }, { cause });
    });
    return [guest, new Uint8Array(bytes)] as const;
  });
  return Object.fromEntries(await settled(read));
}
