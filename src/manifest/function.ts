/** One function of a manifest as the rest of the platform sees it. */
import type { FunctionSpec, NightcoreOptions } from '../model/app.ts';
import { readBuild } from './build.ts';
import { kindOf, readIsolation } from './isolation.ts';
import { readIdle, readLimits } from './limits.ts';
import { readPackedFiles } from './packed-files.ts';
import type { FunctionScope } from './scope.ts';
import { readSecrets } from './secrets.ts';
import { readStdio } from './stdio.ts';

/** One, so that the first request does not wait for a context to be made. */
export const WARM = 1;

/** What is wrong is reported; what comes back then is of no use. */
export async function readFunction(scope: FunctionScope): Promise<FunctionSpec> {
  const { own, name } = scope;
  const limits = readLimits(scope, kindOf(scope));
  const { build, contract } = await readBuild(scope, limits.memoryBytes);
  if (own.contentType !== undefined && contract !== 'stdio')
    scope.atKey('contentType')(`contentType is for contract stdio; a function of contract ${contract} sets its own`);
  if (own.target !== undefined && contract !== 'functions-framework')
    scope.atKey('target')(`target is for contract functions-framework, not ${contract}`);
  if (own.nightcore && contract !== 'nightcore') scope.atKey('nightcore')(`nightcore is for contract nightcore, not ${contract}`);
  const stdio = readStdio(scope, contract);
  return {
    name,
    contract,
    isolation: await readIsolation(scope, contract),
    build,
    limits,
    rollback: scope.get('rollback') ?? 'request',
    env: scope.env,
    secrets: await readSecrets(scope),
    args: own.args ?? [],
    ...(own.contentType === undefined ? {} : { contentType: own.contentType }),
    files: await readPackedFiles(scope),
    origins: readOrigins(scope),
    idleMs: readIdle(scope),
    warm: scope.get('warm') ?? WARM,
    ...(contract === 'nightcore' ? { nightcore: nightcoreOptions(own.nightcore) } : {}),
    ...(stdio === undefined ? {} : { stdio }),
  };
}

export function nightcoreOptions(given: { allowHttpGet?: boolean | undefined; qsAsInput?: boolean | undefined } = {}): NightcoreOptions {
  return { allowHttpGet: given.allowHttpGet ?? false, qsAsInput: given.qsAsInput ?? false };
}

/** In the form that a URL's `origin` has: without the port that goes without saying. */
function readOrigins(scope: FunctionScope): string[] {
  return (scope.get('origins') ?? []).map((text, at) => {
    if (!URL.canParse(text)) scope.at('origins', at)(`origins: ${text} is no valid URL`);
    return URL.canParse(text) ? new URL(text).origin : text;
  });
}
