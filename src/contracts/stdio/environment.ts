/** A request as variables, in the manner of OpenFaaS's watchdogs and of IronFunctions. */
import type { Input } from '../../engine/contract.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { headerIn, headersOf } from '../head.ts';

export type Variables = Record<string, string>;

/** The function's own come last, so that no client can replace them. */
export function variables(spec: FunctionSettings, ...requests: readonly Variables[]): Variables {
  return Object.assign(Object.create(null) as Variables, ...requests, spec.env) as Variables;
}

/** Of the watchdogs: the first value of each header field, and the request line. */
export function cgiVariables(input: Input, headers: readonly (readonly [string, string])[] = headersOf(input.head)): Variables {
  const env: Variables = Object.create(null) as Variables;
  for (const [header, value] of headers) env[`Http_${canonical(header)}`] ??= value;
  env['Http_Method'] = input.method;
  env['Http_Path'] = pathOf(input);
  if (input.query !== '') env['Http_Query'] = input.query;
  return env;
}

/** The classic watchdog tells the length too. */
export function lengthVariables(input: Input): Variables {
  const length = String(input.body.length);
  return { Http_ContentLength: length, Http_Content_Length: length };
}

/** Of IronFunctions: all values of a field, with a blank between. `route` is the path that leads to the function. */
export function ironVariables(spec: FunctionSettings, input: Input, route: string): Variables {
  const env: Variables = Object.create(null) as Variables;
  for (const [header, value] of headersOf(input.head)) {
    const name = `HEADER_${canonical(header).toUpperCase()}`;
    env[name] = name in env ? `${env[name]} ${value}` : value;
  }
  env['METHOD'] = input.method;
  env['ROUTE'] = route;
  env['REQUEST_URL'] = requestUrl(spec, input);
  return env;
}

/** IronFunctions leaves out the colon behind the scheme; a URL that parses serves its readers better. */
export function requestUrl(spec: FunctionSettings, input: Input): string {
  const host = headerIn(input.head, 'host') ?? 'localhost';
  return `http://${host}/function/${spec.name}${input.path}${input.query === '' ? '' : `?${input.query}`}`;
}

export function pathOf(input: Input): string {
  return input.path === '' ? '/' : input.path;
}

/** Go's canonical form of a header name, with `-` as `_`. */
function canonical(name: string): string {
  return canonicalName(name).replaceAll('-', '_');
}

/** Go's canonical form: a capital at the beginning and behind each hyphen, and no other. */
export function canonicalName(name: string): string {
  return name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join('-');
}
