/** IronFunctions' func.yaml → a function. Sources of C or C++ beside it are built; without any it is its image. */
import type { FunctionSpec, StdioMode } from '../../model/app.ts';
import { FIELD_NAME, FIELD_VALUE } from '../patterns.ts';
import { quote } from '../nearest.ts';
import { stdioOptions } from '../stdio.ts';
import { argumentsOf, functionName, imageName, withCommon } from './func-common.ts';
import type { IronFunction } from './func-shapes.ts';
import { fromImage, fromSources, sourcesIn, withResources } from './functions.ts';
import type { ForeignReading } from './reading.ts';

const MODES: Readonly<Record<NonNullable<IronFunction['format']>, StdioMode>> = { default: 'iron', http: 'iron-http', json: 'iron-json' };

export async function describeIron(reading: ForeignReading, fn: IronFunction): Promise<FunctionSpec | undefined> {
  const name = functionName(reading, fn);
  if (fn.jwt_key !== undefined) reading.atKey('jwt_key')('jwt_key is not there: the function would be open to everybody');
  const sources = await sourcesIn(reading.dir, '.');
  const made = await (sources.length > 0 ? built(reading, name, fn, sources) : contained(reading, name, fn));
  if (!made) return undefined;
  const spec = withCommon(made, reading, fn, { ROUTE: routeOf(reading, name, fn), ...configOf(reading, fn) });
  const stdio = stdioOptions(MODES[fn.format ?? 'default'], { headers: headersOf(reading, fn) });
  const limited = fn.max_concurrency === undefined ? spec : withResources(spec, { instances: fn.max_concurrency });
  return limited.contract === 'stdio' ? { ...limited, stdio } : limited;
}

async function built(reading: ForeignReading, name: string, fn: IronFunction, sources: readonly string[]): Promise<FunctionSpec> {
  const made = await fromSources({ name, sources, include: [reading.dir], isolation: undefined, contract: undefined, otherwise: 'stdio' });
  return { ...made, args: argumentsOf(fn) };
}

async function contained(reading: ForeignReading, name: string, fn: IronFunction): Promise<FunctionSpec | undefined> {
  const image = imageName(reading, fn, undefined);
  if (image === undefined) return undefined;
  reading.note(`${name}: its image ${image} is not built here; build it as before, or with docker build`);
  return fromImage({ name, image, contract: 'stdio' });
}

/** Names in capitals, with `_` for `-`. */
function configOf(reading: ForeignReading, { config }: IronFunction): Record<string, string> {
  const texts = Object.entries(reading.texts(config, 'config'));
  return Object.fromEntries(texts.map(([name, value]) => [name.toUpperCase().replaceAll('-', '_'), value]));
}

function routeOf(reading: ForeignReading, name: string, { path }: IronFunction): string {
  if (path === undefined) return `/${name}`;
  const route = path.startsWith('/') ? path : `/${path}`;
  if (route !== `/${name}`) reading.note(`${name}: its path ${route} is only told to it (ROUTE); here it answers at /function/${name}`);
  return route;
}

/** Only the first value of each is sent, there as here. */
function headersOf(reading: ForeignReading, { headers }: IronFunction): Record<string, string> {
  const first = Object.entries(headers ?? {}).flatMap(([name, value]) =>
    [value]
      .flat()
      .slice(0, 1)
      .map((one) => [name, one] as const),
  );
  for (const [name, value] of first) {
    if (!FIELD_NAME.test(name)) reading.atKey('headers', name)(`${quote(name)} is not the name of a header field`);
    if (!FIELD_VALUE.test(value)) reading.at('headers', name)(`${quote(value)} cannot be the value of a header field`);
  }
  return Object.fromEntries(first);
}
