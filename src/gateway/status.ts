/** What the platform tells of what is deployed. Values of secrets are not part of it. */
import type { FunctionMetrics } from '../engine/protocol.ts';
import type { FunctionSettings } from '../model/app.ts';
import type { WeftError } from '../model/errors.ts';
import type { AppRecord, FunctionRecord } from '../registry/record.ts';

export interface FunctionStatus extends Omit<FunctionSettings, 'secrets'> {
  readonly app: string;
  readonly version: number;
  /** `sha256:` and the digest of the module or program; for a container the name of its image. */
  readonly image: string;
  /** Names only. */
  readonly secrets: readonly string[];
  /** Guest paths. */
  readonly files: readonly string[];
  /** The functions it is merged with, itself included; empty when it is alone. */
  readonly group: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly deployedAt: string;
  /** Finished requests since the platform started. */
  readonly invocations: number;
  /** Contexts that live now, in all engine threads; 0 after it was scaled to zero. */
  readonly contexts: number;
}

export interface AppStatus {
  readonly app: string;
  readonly version: number;
  readonly deployedAt: string;
  readonly functions: readonly FunctionStatus[];
  readonly merge: readonly (readonly string[])[];
  /** Why the app is not served; absent when it is. */
  readonly error?: { readonly code: string; readonly message: string };
}

export function appStatus(record: AppRecord, metrics: readonly FunctionMetrics[], error: WeftError | undefined): AppStatus {
  const { app, version, merge } = record;
  return {
    app,
    version,
    deployedAt: new Date(record.deployedAt).toISOString(),
    functions: record.functions.map((fn) => functionStatus(record, fn, metrics)),
    merge,
    ...(error ? { error: { code: error.code, message: error.message } } : {}),
  };
}

function functionStatus(record: AppRecord, fn: FunctionRecord, metrics: readonly FunctionMetrics[]): FunctionStatus {
  const { name } = fn.settings;
  const counted = metrics.find((m) => m.app === record.app && m.function === name);
  return {
    ...fn.settings,
    app: record.app,
    version: record.version,
    image: fn.settings.isolation.kind === 'container' ? fn.settings.isolation.image : `sha256:${fn.wasm ?? fn.executable}`,
    secrets: Object.keys(fn.settings.secrets),
    files: Object.keys(fn.files),
    group: record.merge.find((group) => group.includes(name)) ?? [],
    labels: fn.labels,
    annotations: fn.annotations,
    deployedAt: new Date(record.deployedAt).toISOString(),
    invocations: Object.values(counted?.byStatus ?? {}).reduce((sum, count) => sum + count, 0),
    contexts: counted?.contextsLive ?? 0,
  };
}
