/** The shapes of func.yaml, by whoever reads it, and of Fn's app.yaml: every key that their tools know. */
import * as z from 'zod';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const texts = z.record(z.string(), scalar);
/** Fn takes any JSON; only `weft.…` is for Weft, and is text. */
const annotation = z.json();
const annotations = z.record(z.string(), annotation);
const words = z.union([z.string(), z.array(z.string())]);

/** Keys of both. */
const common = {
  name: z.string().optional(),
  version: scalar.optional(),
  runtime: z.string().optional(),
  entrypoint: words.optional(),
  cmd: words.optional(),
  type: z.enum(['sync', 'async']).optional(),
  memory: z.int().min(1).optional(),
  timeout: scalar.optional(),
  idle_timeout: scalar.optional(),
  config: texts.optional(),
  build: z.array(z.string()).optional(),
};

const ironOnly = {
  format: z.enum(['default', 'http', 'json']).optional(),
  path: z.string().optional(),
  max_concurrency: z.int().min(1).optional(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  jwt_key: z.string().optional(),
  tests: z.array(z.looseObject({ name: z.string().optional() })).optional(),
};

const fnOnly = {
  schema_version: z.int().optional(),
  build_image: z.string().optional(),
  run_image: z.string().optional(),
  content_type: z.string().optional(),
  annotations: annotations.optional(),
  expects: z
    .strictObject({ config: z.array(z.strictObject({ name: z.string(), required: z.boolean().optional() })).optional() })
    .optional(),
  triggers: z
    .array(z.strictObject({ name: z.string(), type: z.string(), source: z.string(), annotations: annotations.optional() }))
    .optional(),
  deploy: z.looseObject({}).optional(),
  signing_details: z.looseObject({}).optional(),
};

export const ironShape = z.strictObject({ ...common, ...ironOnly });
export const fnShape = z.strictObject({ ...common, ...fnOnly });
export const fnAppShape = z.strictObject({
  name: z.string().optional(),
  config: texts.optional(),
  annotations: annotations.optional(),
  syslog_url: z.string().optional(),
});

export const FN_KEYS: readonly string[] = Object.keys(fnOnly);
export const IRON_KEYS: readonly string[] = Object.keys(ironOnly);

export type IronFunction = z.infer<typeof ironShape>;
export type FnFunction = z.infer<typeof fnShape>;
export type FnAnnotation = z.infer<typeof annotation>;
