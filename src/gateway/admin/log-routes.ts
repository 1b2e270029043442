/** Logs as OpenFaaS gives them: one JSON object a line, on and on when they are followed. */
import { pipeline, Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { LogRecord } from '../../engine/protocol.ts';
import type { Platform } from '../platform.ts';
import { STREAMED } from './control-bridge.ts';
import { check } from './input.ts';

/** A client that hung up is noticed only when something is sent to it. */
const ALIVE_MS = 15_000;

const bool = z.enum(['true', 'false', '1', '0', '']).transform((text) => text === 'true' || text === '1');

const querySchema = z.object({
  name: z.string().optional(),
  namespace: z.string().optional(),
  instance: z.string().optional(),
  tail: z
    .string()
    .regex(/^\d{1,9}$/, 'not a number')
    .transform(Number)
    .optional(),
  since: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .optional(),
  follow: bool.optional(),
});

export function logRoutes(admin: FastifyInstance, platform: Platform): void {
  admin.get('/system/logs', (request, reply) => {
    const { name, namespace, instance, tail, since, follow } = check(request.query, querySchema, 'WEFT_LOG_QUERY');
    const logs = platform.logs({
      ...(name ? { name } : {}),
      ...(namespace ? { app: namespace } : {}),
      ...(tail === undefined ? {} : { tail }),
      ...(since === undefined ? {} : { since }),
      follow: follow ?? false,
    });
    // The head goes at once, not with the first record: that may take hours.
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson', [STREAMED]: '1' });
    const alive = follow ? setInterval(() => reply.raw.write('\n'), ALIVE_MS) : undefined;
    // One end takes the other with it; there is nobody else to tell.
    pipeline(Readable.from(toLines(logs, instance)), reply.raw, () => clearInterval(alive));
  });
}

/** The iterator's own `return` is kept: a generator would only hear of its end with the next record. */
function toLines(logs: AsyncIterable<LogRecord>, instance: string | undefined): AsyncIterable<Buffer> {
  const records = logs[Symbol.asyncIterator]();
  const iterator: AsyncIterator<Buffer> & AsyncIterable<Buffer> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      for (;;) {
        const { done, value } = await records.next();
        if (done === true) return { done: true, value: undefined };
        if (!instance || instance === String(value.thread))
          return { done: false, value: Buffer.from(`${JSON.stringify(toLine(value))}\n`) };
      }
    },
    async return() {
      await records.return?.();
      return { done: true, value: undefined };
    },
  };
  return iterator;
}

function toLine({ time, level, app, function: name, thread, text }: LogRecord) {
  return { name, namespace: app, instance: String(thread), timestamp: new Date(time).toISOString(), level, text };
}
