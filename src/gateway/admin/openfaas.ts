/** A function as OpenFaaS describes it, made into one of ours. What cannot be honoured is refused, not forgotten. */
import { z } from 'zod';
import { CONTRACT_NAMES, type ContractName, type Isolation } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import { DEFAULT_LIMITS, IDLE_MS, MAX_MEMORY_BYTES, WASM_PAGE_BYTES } from '../../model/limits.ts';
import type { FunctionRecord } from '../../registry/record.ts';
import type { Platform } from '../platform.ts';

/** Says which contract the module is written for, when it is not weft or stdio. */
const CONTRACT = 'weft.contract';
const UPLOADED = /^sha256:([0-9a-f]{64})$/;
/** Where watchdogs listen. */
const WATCHDOG_PORT = 8080;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

const texts = z.record(z.string(), z.string());
const resources = z.object({ memory: z.string().optional(), cpu: z.string().optional() });

/** Tools send fields that are empty, so these are no mistake; nor are fields that OpenFaaS may have got since. */
export const deploySchema = z.object({
  service: z.string().min(1),
  /** `sha256:<digest of an uploaded module>`, or the name of a container image. */
  image: z
    .string()
    .regex(/^[A-Za-z0-9][!-~]{0,1023}$/, 'sha256:<digest of an uploaded artifact>, or the name of a container image, is needed'),
  namespace: z.string().optional(),
  envProcess: z.string().optional(),
  envVars: texts.nullish(),
  labels: texts.nullish(),
  annotations: texts.nullish(),
  secrets: z.array(z.string()).max(0, 'secrets are deployed with their app').nullish(),
  constraints: z.array(z.string()).max(0, 'there is one machine').nullish(),
  limits: resources.nullish(),
  requests: resources.nullish(),
  readOnlyRootFilesystem: z.boolean().optional(),
});

type DeployRequest = z.infer<typeof deploySchema>;

/** @throws WeftError WEFT_ADMIN_REQUEST, WEFT_ARTIFACT_MISSING, WEFT_MODULE_INVALID */
export async function toFunction(request: DeployRequest, platform: Platform): Promise<FunctionRecord> {
  const [, digest] = UPLOADED.exec(request.image) ?? [];
  return digest === undefined ? toContainer(request) : toModule(request, digest, platform);
}

async function toModule(request: DeployRequest, wasm: string, platform: Platform): Promise<FunctionRecord> {
  if (request.envProcess)
    throw new WeftError('WEFT_ADMIN_REQUEST', { reason: 'envProcess: is for container images; a module is its own program' });
  const contract = contractOf(request.annotations?.[CONTRACT], await exportsOf(await platform.readArtifact(wasm)));
  return { ...plain(request, contract, { kind: 'context' }), wasm };
}

/** As OpenFaaS runs it: the image answers HTTP on port 8080, a watchdog in it is told the program by `fprocess`. */
function toContainer(request: DeployRequest): FunctionRecord {
  const contract = containerContractOf(request.annotations?.[CONTRACT]);
  const isolation: Isolation = {
    kind: 'container',
    image: request.image,
    ...(contract === 'http' ? { port: WATCHDOG_PORT } : {}),
    network: 'bridge',
    mounts: [],
    resources: { processes: 512, cpus: cpuLimit(request.limits?.cpu), openFiles: 1024, instances: 16 },
  };
  const fn = plain(request, contract, isolation);
  const { envProcess } = request;
  return envProcess ? { ...fn, settings: { ...fn.settings, env: { ...fn.settings.env, fprocess: envProcess } } } : fn;
}

function plain(request: DeployRequest, contract: ContractName, isolation: Isolation): Omit<FunctionRecord, 'wasm'> {
  return {
    settings: {
      name: request.service,
      contract,
      isolation: structuredClone(isolation) as FunctionRecord['settings']['isolation'], // ours to change
      rollback: 'request',
      limits: { ...DEFAULT_LIMITS, ...memoryLimit(request.limits?.memory) },
      env: request.envVars ?? {},
      secrets: {},
      args: [],
      origins: [],
      idleMs: IDLE_MS,
      warm: 0,
    },
    files: {},
    labels: request.labels ?? {},
    annotations: request.annotations ?? {},
  };
}

function containerContractOf(told: string | undefined): ContractName {
  if (told === undefined) return 'http';
  if (told === 'http' || told === 'stdio' || told === 'fn') return told;
  const reason = `annotations.${CONTRACT}: "${told}" is none of http, stdio, fn, which a container can have`;
  throw new WeftError('WEFT_ADMIN_REQUEST', { reason });
}

/** Processors as Kubernetes writes them: 0.5 or 500m. */
function cpuLimit(quantity: string | undefined): number {
  if (quantity === undefined || quantity === '') return 0;
  const [, digits = '', milli] = /^(\d{1,4}(?:\.\d{1,3})?|\d{1,7}(?=m))(m)?$/.exec(quantity) ?? [];
  const cpus = Number(digits) / (milli === undefined ? 1 : 1000);
  if (digits === '' || cpus <= 0 || cpus > 1024)
    throw new WeftError('WEFT_ADMIN_REQUEST', { reason: `limits.cpu: "${quantity}" is no number of processors, such as 0.5 or 500m` });
  return cpus;
}

function contractOf(told: string | undefined, exported: ReadonlySet<string>): ContractName {
  if (told === undefined) return exported.has('_start') ? 'stdio' : 'weft';
  const known = CONTRACT_NAMES.find((name) => name === told && name !== 'http');
  if (known) return known;
  throw new WeftError('WEFT_ADMIN_REQUEST', { reason: `annotations.${CONTRACT}: "${told}" is no contract that a module can have` });
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
