/** What a client sent, made into what a route takes. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type ErrorCode, WeftError } from '../../model/errors.ts';
import { forbiddenKey } from '../../registry/forbidden-key.ts';

/** Routes of Weft's own; those of OpenFaaS have no 415, and answer 400 to whatever they cannot read. */
const OWN_ROUTE = /^\/system\/(apps|artifacts)\b/;
/** What is JSON, and what clients call a body when nobody told them what it is: curl and fetch. */
const JSON_OR_UNTOLD = /^(application\/json|[^;]*\+json|application\/x-www-form-urlencoded|text\/plain)\s*(;|$)/i;

/** @throws WeftError WEFT_ADMIN_REQUEST, WEFT_MEDIA_TYPE */
export function readJson<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(request)));
  } catch (cause) {
    const told = request.headers['content-type'];
    if (told !== undefined && !JSON_OR_UNTOLD.test(told)) throw wrongMediaType(request, cause);
    throw new WeftError('WEFT_ADMIN_REQUEST', { reason: 'its body is not JSON' }, { cause });
  }
  const reason = forbiddenKey(json);
  if (reason !== undefined) throw new WeftError('WEFT_ADMIN_REQUEST', { reason });
  return check(json, schema);
}

export function wrongMediaType(request: FastifyRequest, cause: unknown): WeftError {
  const type = request.headers['content-type'] ?? '';
  if (OWN_ROUTE.test(request.routeOptions.url ?? '')) return new WeftError('WEFT_MEDIA_TYPE', { type }, { cause });
  return new WeftError(
    'WEFT_ADMIN_REQUEST',
    { reason: `its body is called "${type}"; send JSON, as "content-type: application/json"` },
    { cause },
  );
}

/** @throws WeftError of that code, saying where the value is wrong */
export function check<T>(value: unknown, schema: z.ZodType<T>, code: ErrorCode = 'WEFT_ADMIN_REQUEST'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const reason = result.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
  throw new WeftError(code, { reason }, { cause: result.error });
}

export function bytesOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
}

export function paramOf(request: FastifyRequest, name: string): string {
  return check(request.params, z.record(z.string(), z.string()))[name] ?? '';
}
