/** The shape of OpenFaaS's stack.yaml: every key that its tool knows. */
import * as z from 'zod';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const texts = z.record(z.string(), scalar);
const list = z.array(z.string());

const resources = z.strictObject({
  memory: scalar.optional(),
  cpu: scalar.optional(),
  'nvidia.com/gpu': scalar.optional(),
  'amd.com/gpu': scalar.optional(),
  'intel.com/gpu': scalar.optional(),
});

const functionShape = z.strictObject({
  lang: z.string().optional(),
  handler: z.string().optional(),
  image: z.string().optional(),
  fprocess: z.string().optional(),
  environment: texts.optional(),
  environment_file: list.optional(),
  secrets: list.optional(),
  skip_build: z.boolean().optional(),
  constraints: list.optional(),
  labels: texts.optional(),
  annotations: texts.optional(),
  limits: resources.optional(),
  requests: resources.optional(),
  readonly_root_filesystem: z.boolean().optional(),
  build_options: list.optional(),
  build_args: texts.optional(),
  build_secrets: texts.optional(),
  platforms: z.string().optional(),
  namespace: z.string().optional(),
});

export const stackShape = z.strictObject({
  version: scalar.optional(),
  provider: z.strictObject({ name: z.string().optional(), gateway: z.string().optional(), network: z.string().optional() }).optional(),
  functions: z.record(z.string(), functionShape),
  configuration: z
    .strictObject({
      templates: z.array(z.strictObject({ name: z.string(), source: z.string().optional() })).optional(),
      copy: list.optional(),
    })
    .optional(),
});

/** A file that environment_file names. */
export const environmentFileShape = z.strictObject({ environment: texts });

export type StackFunction = z.infer<typeof functionShape>;
