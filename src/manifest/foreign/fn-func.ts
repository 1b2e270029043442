/** Fn's func.yaml → a function. It is its image, as Fn builds it, unless there are sources of C or C++ that no Dockerfile claims. */
import { type ContractName, CONTRACT_NAMES, type FunctionSpec } from '../../model/app.ts';
import { didYouMean, quote } from '../nearest.ts';
import { argumentsOf, functionName, hasDockerfile, imageName, withCommon } from './func-common.ts';
import type { FnAnnotation, FnFunction } from './func-shapes.ts';
import { fromImage, fromSources, sourcesIn } from './functions.ts';
import type { ForeignReading } from './reading.ts';

const C_RUNTIME = /^(c|cc|cpp|c\+\+|cxx|clang)([0-9:._-].*)?$/i;
const ISOLATIONS = ['context', 'process', 'container'] as const;
type Chosen = (typeof ISOLATIONS)[number];

/** @param appConfig of the app.yaml above; the function's own goes over it */
export async function describeFn(
  reading: ForeignReading,
  fn: FnFunction,
  appConfig: Readonly<Record<string, string>>,
): Promise<FunctionSpec | undefined> {
  const name = functionName(reading, fn);
  const annotations = annotationsOf(reading, fn);
  const { isolation, contract } = chosenIn(reading, annotations);
  const sources = await sourcesIn(reading.dir, '.');
  const made = await ((await isImage(reading, fn, isolation, sources))
    ? contained(reading, name, fn, contract)
    : built(reading, name, fn, {
        sources,
        isolation: isolation === 'process' || isolation === 'context' ? isolation : undefined,
        contract,
      }));
  if (!made) return undefined;
  const env = { ...appConfig, ...reading.texts(fn.config, 'config') };
  complainOfMissing(reading, fn, env);
  sayWhatDiffers(reading, name, fn);
  return { ...withCommon(made, reading, fn, env), annotations };
}

/** As texts, which they are here: of those that are more, their JSON. */
function annotationsOf(reading: ForeignReading, { annotations = {} }: FnFunction): Record<string, string> {
  const text = (name: string, value: FnAnnotation): string =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : reading.textAt(value, 'annotations', name);
  return Object.fromEntries(Object.entries(annotations).map(([name, value]) => [name, text(name, value)]));
}

async function isImage(
  reading: ForeignReading,
  { runtime = '' }: FnFunction,
  isolation: Chosen | undefined,
  sources: readonly string[],
): Promise<boolean> {
  if (isolation !== undefined) return isolation === 'container';
  if (sources.length === 0) return true;
  return !C_RUNTIME.test(runtime) && (runtime === 'docker' || (await hasDockerfile(reading.dir)));
}

async function built(
  reading: ForeignReading,
  name: string,
  fn: FnFunction,
  how: { sources: readonly string[]; isolation: 'context' | 'process' | undefined; contract: ContractName | undefined },
): Promise<FunctionSpec> {
  if (how.sources.length === 0) reading.at()('there is no C or C++ source beside it');
  const made = await fromSources({ name, include: [reading.dir], otherwise: 'stdio', ...how });
  return { ...made, args: argumentsOf(fn) };
}

async function contained(
  reading: ForeignReading,
  name: string,
  fn: FnFunction,
  contract: ContractName = 'fn',
): Promise<FunctionSpec | undefined> {
  const image = imageName(reading, fn, reading.environment['FN_REGISTRY']);
  if (image === undefined) return undefined;
  reading.note(`${name}: its image ${image} is not built here; build it with fn build, or with docker build`);
  return fromImage({ name, image, contract });
}

function chosenIn(
  reading: ForeignReading,
  annotations: Readonly<Record<string, string>>,
): { isolation: Chosen | undefined; contract: ContractName | undefined } {
  const chosen = <T extends string>(name: string, values: readonly T[]): T | undefined => {
    const value = annotations[name];
    const known = values.find((one) => one === value);
    if (value !== undefined && known === undefined)
      reading.at(
        'annotations',
        name,
      )(`${name} cannot be ${quote(value)}; it must be one of ${values.join(', ')}${didYouMean(value, values)}`);
    return known;
  };
  return { isolation: chosen('weft.isolation', ISOLATIONS), contract: chosen('weft.contract', CONTRACT_NAMES) };
}

function complainOfMissing(reading: ForeignReading, { expects }: FnFunction, env: Readonly<Record<string, string>>): void {
  for (const [at, { name, required }] of (expects?.config ?? []).entries()) {
    if (required === true && !Object.hasOwn(env, name))
      reading.at('expects', 'config', at)(`it expects ${quote(name)} in its config, or in that of its app, and there is none`);
  }
}

function sayWhatDiffers(reading: ForeignReading, name: string, { triggers = [] }: FnFunction): void {
  for (const [at, { type, source }] of triggers.entries()) {
    if (type !== 'http') reading.at('triggers', at, 'type')(`triggers are http, not ${quote(type)}`);
    else reading.note(`${name}: its trigger ${source} answers here at /function/${name}`);
  }
}
