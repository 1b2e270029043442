/** The manifest's JSON Schema, from the schema that checks it. */
import * as z from 'zod';
import { manifestShape } from './schema.ts';

/** The part of JSON Schema that zod writes here. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly pattern?: string;
  readonly anyOf?: readonly JsonSchema[];
}

/** As it stands in schema/weft.schema.json. */
export function manifestSchemaText(): string {
  const { $schema, ...rest } = z.toJSONSchema(manifestShape, { target: 'draft-2020-12', io: 'input' });
  const described = { $schema, title: 'weft.yaml', description: 'An app of Weft: functions written in C and C++', ...rest };
  return `${JSON.stringify(described, null, 2)}\n`;
}

export function jsonSchemaOf(shape: z.ZodType): JsonSchema {
  return z.toJSONSchema(shape, { io: 'input', reused: 'inline' }) as JsonSchema; // zod's own output, of which that is a part
}
