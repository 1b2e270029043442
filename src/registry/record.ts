/** What is kept of a deployed app, and what an admin may ask to deploy: one schema for the file and for the wire. */
import { z } from 'zod';
import { MAX_MEMORY_BYTES, WASM_PAGE_BYTES } from '../model/limits.ts';
import { DIGEST } from './digest.ts';

const MAX_FUNCTIONS = 1000;
const MAX_FILES = 10_000;
const MAX_WARM = 1000;
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

const limits = z.strictObject({
  memoryBytes: z.number().int().min(WASM_PAGE_BYTES).max(MAX_MEMORY_BYTES).multipleOf(WASM_PAGE_BYTES),
  deadlineMs: z.number().int().min(1).max(DAY_MS),
  requestBytes: count,
  responseBytes: count,
  concurrency: z.number().int().min(1),
  callDepth: z.number().int().min(1),
});

const settingsSchema = z.strictObject({
  name: z.string(),
  contract: z.enum(['weft', 'stdio', 'nightcore']),
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
});

export const functionSchema = z.strictObject({
  settings: settingsSchema,
  /** Digest of the module. */
  wasm: digest,
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
  return content.functions.flatMap((fn) => [fn.wasm, ...Object.values(fn.files)]);
}
