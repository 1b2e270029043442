/** Whole apps: all functions of one at once, as `weft deploy` sends them. */
import type { FastifyInstance } from 'fastify';
import { contentSchema, functionSchema } from '../../registry/record.ts';
import type { Platform } from '../platform.ts';
import { paramOf, readJson } from './input.ts';

/** As kept, but what is empty may be left out. */
const appSchema = contentSchema.extend({
  functions: functionSchema
    .extend({
      files: functionSchema.shape.files.default({}),
      labels: functionSchema.shape.labels.default({}),
      annotations: functionSchema.shape.annotations.default({}),
    })
    .array()
    .min(1)
    .max(1000),
  merge: contentSchema.shape.merge.default([]),
});

export function appRoutes(admin: FastifyInstance, platform: Platform): void {
  admin.get('/system/apps', async () => platform.list());

  admin.put('/system/apps/:app', async (request) => {
    const content = readJson(request, appSchema);
    return platform.change(paramOf(request, 'app'), async () => content);
  });

  admin.delete('/system/apps/:app', async (request) => {
    const app = paramOf(request, 'app');
    await platform.remove(app);
    return { app };
  });
}
