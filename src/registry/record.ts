/** What is kept of a deployed app, and what an admin may ask to deploy: one schema for the file and for the wire. */
import { z } from 'zod';
import { CONTRACT_NAMES, STDIO_MODES } from '../model/app.ts';
import { MAX_MEMORY_BYTES, WASM_PAGE_BYTES } from '../model/limits.ts';
import { DIGEST } from './digest.ts';

const MAX_FUNCTIONS = 1000;
const MAX_FILES = 10_000;
const MAX_WARM = 1000;
const MAX_INSTANCES = 10_000;
const MAX_MOUNTS = 100;
const DAY_MS = 24 * 60 * 60 * 1000;

const count = z.number().int().nonnegative();
const digest = z.string().regex(DIGEST, 'not a SHA-256 in hexadecimal');
const noNul = (text: string): boolean => !text.includes('\0');
const text = z.string().refine(noNul, 'holds a NUL');
const variables = z.record(
  z
    .string()
    .min(1)
    .regex(/^[^=\0]+$/, 'a name holds no "=" and no NUL'),
  text,
);
const guestPath = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]+$/, 'not an absolute path');
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const HTTP_PATH = /^\/[\x21-\x7e]*$/;

const limits = z.strictObject({
  memoryBytes: z.number().int().min(WASM_PAGE_BYTES).max(MAX_MEMORY_BYTES).multipleOf(WASM_PAGE_BYTES),
  deadlineMs: z.number().int().min(1).max(DAY_MS),
  requestBytes: count,
  responseBytes: count,
  concurrency: z.number().int().min(1),
  callDepth: z.number().int().min(1),
});

const resources = z.strictObject({
  processes: z.number().int().min(1).max(32_768),
  cpus: z.number().min(0).max(1024),
  openFiles: z.number().int().min(16).max(1_048_576),
  instances: z.number().int().min(1).max(MAX_INSTANCES),
  healthPath: z.string().regex(HTTP_PATH, 'not a path').exactOptional(),
});
const mounts = z.array(z.strictObject({ from: guestPath, to: guestPath, writable: z.boolean() })).max(MAX_MOUNTS);
const port = z.number().int().min(1).max(65_535);

const isolation = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('context') }),
  z.strictObject({
    kind: z.literal('process'),
    sandbox: z.enum(['strict', 'relaxed']),
    network: z.enum(['none', 'host']),
    mounts,
    workDir: z.string().regex(/^\/[^\0]*$/, 'not an absolute path'),
    listen: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('port'), port }),
        z.strictObject({ kind: z.literal('unix'), path: guestPath }),
      ])
      .exactOptional(),
    resources,
  }),
  z.strictObject({
    kind: z.literal('container'),
    image: z
      .string()
      .min(1)
      .max(1024)
      .regex(/^[^\s\0]+$/, 'not the name of an image'),
    command: z.array(text).exactOptional(),
    port: port.exactOptional(),
    network: z.enum(['none', 'bridge']),
    freezeMs: count.exactOptional(),
    mounts,
    resources,
  }),
  z.strictObject({ kind: z.literal('static'), root: guestPath }),
]);

const settingsSchema = z.strictObject({
  name: z.string(),
  contract: z.enum(CONTRACT_NAMES),
  /** Records from before there was a choice have none. */
  isolation: isolation.default({ kind: 'context' }),
  rollback: z.enum(['request', 'call', 'never']),
  limits,
  env: variables,
  secrets: variables,
  args: z.array(text),
  contentType: z.string().exactOptional(),
  origins: z.array(z.string()),
  idleMs: count,
  warm: count.max(MAX_WARM),
  nightcore: z.strictObject({ allowHttpGet: z.boolean(), qsAsInput: z.boolean() }).exactOptional(),
  stdio: z
    .strictObject({
      mode: z.enum(STDIO_MODES),
      cgiHeaders: z.boolean(),
      combineOutput: z.boolean(),
      marshalRequest: z.boolean(),
      headers: z.record(
        z.string().regex(FIELD_NAME, 'not the name of a header field'),
        z.string().regex(FIELD_VALUE, 'holds a control character'),
      ),
    })
    .exactOptional(),
});

export const functionSchema = z.strictObject({
  settings: settingsSchema,
  /** Digest of the module, for isolation context. */
  wasm: digest.exactOptional(),
  /** Digest of the native program, for isolation process. */
  executable: digest.exactOptional(),
  /** Guest path → digest of the content. */
  files: z.record(guestPath, digest).refine((files) => Object.keys(files).length <= MAX_FILES, `more than ${MAX_FILES} files`),
  /** What an operator's tools note; it changes nothing here. */
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
});

export const contentSchema = z.strictObject({
  functions: z.array(functionSchema).min(1).max(MAX_FUNCTIONS),
  merge: z.array(z.array(z.string())),
});

export const recordSchema = contentSchema.extend({
  format: z.literal(1),
  app: z.string(),
  version: z.number().int().min(1),
  /** Unix time, milliseconds. */
  deployedAt: count,
});

export type FunctionRecord = z.infer<typeof functionSchema>;
/** An app without its history: two deploys of the same content are the same. */
export type AppContent = z.infer<typeof contentSchema>;
export type AppRecord = z.infer<typeof recordSchema>;

export function digestsOf(content: AppContent): string[] {
  return content.functions.flatMap((fn) => [fn.wasm ?? [], fn.executable ?? [], Object.values(fn.files)].flat());
}
