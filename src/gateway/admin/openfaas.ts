/** A function as OpenFaaS describes it, made into one of ours. What cannot be honoured is refused, not forgotten. */
import { z } from 'zod';
import type { ContractName } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import { DEFAULT_LIMITS, IDLE_MS, MAX_MEMORY_BYTES, WASM_PAGE_BYTES } from '../../model/limits.ts';
import type { FunctionRecord } from '../../registry/record.ts';
import type { Platform } from '../platform.ts';

/** Says which contract the module is written for, when it is not weft or stdio. */
const CONTRACT = 'weft.contract';
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

const texts = z.record(z.string(), z.string());
const resources = z.object({ memory: z.string().optional(), cpu: z.string().optional() });

/** Tools send fields that are empty, so these are no mistake; nor are fields that OpenFaaS may have got since. */
export const deploySchema = z.object({
  service: z.string().min(1),
  image: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256:<digest of an uploaded artifact> is needed'),
  namespace: z.string().optional(),
  envProcess: z.string().max(0, 'is not known here: the module is the program').optional(),
  envVars: texts.nullish(),
  labels: texts.nullish(),
  annotations: texts.nullish(),
  secrets: z.array(z.string()).max(0, 'secrets are deployed with their app').nullish(),
  constraints: z.array(z.string()).max(0, 'there is one machine').nullish(),
  limits: resources.nullish(),
  requests: resources.nullish(),
  readOnlyRootFilesystem: z.boolean().optional(),
});

/** @throws WeftError WEFT_ADMIN_REQUEST, WEFT_ARTIFACT_MISSING, WEFT_MODULE_INVALID */
export async function toFunction(request: z.infer<typeof deploySchema>, platform: Platform): Promise<FunctionRecord> {
  const wasm = request.image.slice('sha256:'.length);
  return {
    settings: {
      name: request.service,
      contract: contractOf(request.annotations?.[CONTRACT], await exportsOf(await platform.readArtifact(wasm))),
      isolation: { kind: 'context' },
      rollback: 'request',
      limits: { ...DEFAULT_LIMITS, ...memoryLimit(request.limits?.memory) },
      env: request.envVars ?? {},
      secrets: {},
      args: [],
      origins: [],
      idleMs: IDLE_MS,
      warm: 0,
    },
    wasm,
    files: {},
    labels: request.labels ?? {},
    annotations: request.annotations ?? {},
  };
}

function contractOf(told: string | undefined, exported: ReadonlySet<string>): ContractName {
  if (told === undefined) return exported.has('_start') ? 'stdio' : 'weft';
  if (told === 'weft' || told === 'stdio' || told === 'nightcore') return told;
  throw new WeftError('WEFT_ADMIN_REQUEST', { reason: `annotations.${CONTRACT}: "${told}" is none of weft, stdio, nightcore` });
}

async function exportsOf(wasm: Uint8Array<ArrayBuffer>): Promise<ReadonlySet<string>> {
  try {
    return new Set(WebAssembly.Module.exports(await WebAssembly.compile(wasm)).map(({ name }) => name));
  } catch (cause) {
    throw new WeftError('WEFT_MODULE_INVALID', { reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}

/** A quantity as Kubernetes writes it, in whole pages. */
function memoryLimit(quantity: string | undefined): { memoryBytes?: number } {
  if (quantity === undefined || quantity === '') return {};
  const [, digits = '', unit = ''] = /^(\d{1,15})(k|M|G|Ki|Mi|Gi)?$/.exec(quantity) ?? [];
  const bytes = Math.ceil((Number(digits) * (UNITS[unit] ?? 1)) / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;
  if (digits === '' || bytes === 0 || bytes > MAX_MEMORY_BYTES)
    throw new WeftError('WEFT_ADMIN_REQUEST', { reason: `limits.memory: "${quantity}" is no size up to 4 GiB, such as 128Mi` });
  return { memoryBytes: bytes };
}
