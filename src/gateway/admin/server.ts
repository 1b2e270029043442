/** The admin API as a fastify instance without a port: who may ask, how errors are told, and which routes there are. */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { WeftError } from '../../model/errors.ts';
import type { Platform, PlatformLog } from '../platform.ts';
import { appRoutes } from './app-routes.ts';
import { artifactRoutes } from './artifact-routes.ts';
import { functionRoutes } from './function-routes.ts';
import { wrongMediaType } from './input.ts';
import { logRoutes } from './log-routes.ts';
import { isAdmin } from './password.ts';
import { statusRoutes } from './status-routes.ts';

/** What the ingress lets through. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface AdminOptions {
  readonly platform: Platform;
  /** Metrics without a password: only this machine can ask. */
  readonly publicMetrics: boolean;
  readonly say: PlatformLog;
}

export async function createAdmin({ platform, publicMetrics, say }: AdminOptions): Promise<FastifyInstance> {
  const admin = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: true,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    forceCloseConnections: true,
    // A path that cannot be decoded comes to no hook and no handler.
    frameworkErrors: (error, request, reply) => void tell(reply, asWeftError(error, request)),
  });
  const open = new Set(['/healthz', ...(publicMetrics ? ['/metrics'] : [])]);
  admin.addHook('onRequest', async (request, reply) => {
    // The route that was found, not the path as it was sent: there are many ways to write a path.
    const route = request.routeOptions.url;
    if (route === undefined || open.has(route) || isAdmin(request.headers.authorization, platform.password)) return;
    reply.header('www-authenticate', 'Basic realm="Restricted"');
    throw new WeftError('WEFT_UNAUTHORIZED');
  });
  takeBytes(admin);
  tellErrors(admin, say);
  for (const routes of [statusRoutes, functionRoutes, appRoutes, artifactRoutes, logRoutes]) routes(admin, platform);
  await admin.ready();
  return admin;
}

/** No route has a schema of Fastify's; its own compilers for them would take as long to load as all the rest. */
function noSchemas(): never {
  throw new Error('routes of the admin API check their input themselves');
}

/** Bodies stay bytes: each route says itself what it takes, whatever a client calls it. */
function takeBytes(admin: FastifyInstance): void {
  admin.removeAllContentTypeParsers();
  admin.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

function tellErrors(admin: FastifyInstance, say: PlatformLog): void {
  admin.setNotFoundHandler((request) => {
    throw new WeftError('WEFT_NO_ROUTE', { method: request.method, path: pathOf(request) });
  });
  admin.setErrorHandler((error, request, reply) => {
    const known = asWeftError(error, request);
    if (known.code === 'WEFT_INTERNAL')
      say('error', `${request.method} ${pathOf(request)}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return tell(reply, known);
  });
}

function tell(reply: FastifyReply, error: WeftError): FastifyReply {
  return reply.code(error.entry.status).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(error));
}

function asWeftError(error: unknown, request: FastifyRequest): WeftError {
  if (error instanceof WeftError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 413) return new WeftError('WEFT_REQUEST_TOO_LARGE', { bytes: MAX_BODY_BYTES }, { cause: error });
  if (status === 415) return wrongMediaType(request, error);
  return new WeftError(status < 500 ? 'WEFT_ADMIN_REQUEST' : 'WEFT_INTERNAL', { reason }, { cause: error });
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?')[0] ?? '';
}
