/** How the platform is. */
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Platform } from '../platform.ts';
import { expose } from './prometheus.ts';
import { metricFamilies } from './metric-families.ts';

const { version: VERSION } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')));

export function statusRoutes(admin: FastifyInstance, platform: Platform): void {
  admin.get('/healthz', (_request, reply) => reply.type('text/plain').send('OK'));

  admin.get('/metrics', async (_request, reply) => {
    const { threads, followers } = platform;
    const facts = { version: VERSION, threads: threads.workers.length, restarts: threads.restarts, followers };
    const families = metricFamilies(await platform.totals(), facts);
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(expose(families));
  });

  admin.get('/system/info', () => {
    const version = { release: VERSION, sha: VERSION };
    return { provider: { provider: 'weft', orchestration: 'weft', version }, version, arch: process.arch };
  });

  admin.get('/system/namespaces', async () => (await platform.list()).map(({ app }) => app));
}
