/** Functions one by one, in the shapes of OpenFaaS. An app is what is called a namespace there. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { WeftError } from '../../model/errors.ts';
import type { AppContent, AppRecord } from '../../registry/record.ts';
import type { Platform } from '../platform.ts';
import type { FunctionStatus } from '../status.ts';
import { check, paramOf, readJson } from './input.ts';
import { deploySchema, toFunction } from './openfaas.ts';

/** The app of functions that are deployed without a namespace. */
const DEFAULT_APP = 'openfaas-fn';

const nameQuery = z.object({ namespace: z.string().optional() });
const deleteSchema = z.object({ functionName: z.string().min(1), namespace: z.string().optional() });
const scaleSchema = z.object({
  serviceName: z.string().optional(),
  namespace: z.string().optional(),
  replicas: z.number().int().nonnegative(),
});

export function functionRoutes(admin: FastifyInstance, platform: Platform): void {
  admin.get('/system/functions', async (request) => {
    const { namespace } = check(request.query, nameQuery);
    const apps = await platform.list();
    const functions = apps.flatMap((app) => app.functions.map((fn) => toStatus(fn, app.error === undefined)));
    return namespace === undefined || namespace === '' ? functions : functions.filter((fn) => fn.namespace === namespace);
  });

  admin.get('/system/function/:name', async (request) => {
    const name = paramOf(request, 'name');
    const { namespace } = check(request.query, nameQuery);
    return toStatus(await platform.describe(fullName(name, namespace)), true);
  });

  admin.post('/system/functions', async (request, reply) => {
    await put(platform, readJson(request, deploySchema), { mustExist: false });
    return reply.code(202).send();
  });

  admin.put('/system/functions', async (request, reply) => {
    await put(platform, readJson(request, deploySchema), { mustExist: true });
    return reply.code(202).send();
  });

  admin.delete('/system/functions', async (request, reply) => {
    const { functionName, namespace } = readJson(request, deleteSchema);
    const inQuery = check(request.query, nameQuery).namespace;
    const { name, app } = await platform.describe(fullName(functionName, namespace ?? inQuery));
    await platform.change(app, async (before) => without(before, name));
    return reply.code(202).send();
  });

  admin.post('/system/scale-function/:name', async (request, reply) => {
    const { replicas, namespace } = readJson(request, scaleSchema);
    await platform.scale(fullName(paramOf(request, 'name'), namespace), replicas);
    return reply.code(202).send();
  });
}

function fullName(name: string, namespace: string | undefined): string {
  return namespace === undefined || namespace === '' || name.includes('.') ? name : `${name}.${namespace}`;
}

type DeployRequest = z.infer<typeof deploySchema>;

/** Adds the function to its app, or replaces it there; the app's other functions stay as they are. */
async function put(platform: Platform, request: DeployRequest, { mustExist }: { mustExist: boolean }): Promise<void> {
  const app = request.namespace === undefined || request.namespace === '' ? await appOf(platform, request.service) : request.namespace;
  await platform.change(app, async (before) => {
    const functions = before?.functions ?? [];
    const old = functions.find(({ settings }) => settings.name === request.service);
    if (mustExist && !old) throw new WeftError('WEFT_FUNCTION_NOT_FOUND', { name: request.service });
    const next = await toFunction(request, platform);
    return {
      functions: old ? functions.map((fn) => (fn === old ? next : fn)) : [...functions, next],
      merge: before?.merge ?? [],
    };
  });
}

/** Where the function is; who updates it need not know. */
async function appOf(platform: Platform, name: string): Promise<string> {
  const apps = await platform.list();
  return apps.find(({ functions }) => functions.some((fn) => fn.name === name))?.app ?? DEFAULT_APP;
}

/** Nothing when it was the last of its app. */
function without(before: AppRecord | undefined, name: string): AppContent | undefined {
  const functions = before?.functions.filter(({ settings }) => settings.name !== name) ?? [];
  if (!before || functions.length === before.functions.length) throw new WeftError('WEFT_FUNCTION_NOT_FOUND', { name });
  if (functions.length === 0) return undefined;
  const merge = before.merge.map((group) => group.filter((member) => member !== name)).filter((group) => group.length > 1);
  return { functions, merge };
}

function toStatus(fn: FunctionStatus, served: boolean) {
  return {
    name: fn.name,
    image: fn.image,
    namespace: fn.app,
    ...(Object.keys(fn.env).length > 0 ? { envVars: fn.env } : {}),
    labels: { ...fn.labels, faas_function: fn.name },
    annotations: fn.annotations,
    ...(fn.secrets.length > 0 ? { secrets: fn.secrets } : {}),
    invocationCount: fn.invocations,
    replicas: fn.contexts,
    availableReplicas: served ? fn.contexts : 0,
    createdAt: fn.deployedAt,
    // What OpenFaaS has no word for.
    weft: {
      version: fn.version,
      contract: fn.contract,
      isolation: fn.isolation,
      rollback: fn.rollback,
      limits: fn.limits,
      group: fn.group,
      files: fn.files,
      args: fn.args,
      origins: fn.origins,
      idleMs: fn.idleMs,
      warm: fn.warm,
      ...(fn.contentType === undefined ? {} : { contentType: fn.contentType }),
    },
  };
}
