/** What OpenFaaS's watchdogs read from the environment, for functions that run without one: here the platform is the watchdog. */
import type { FunctionSpec, StdioMode } from '../../model/app.ts';
import { CONTENT_TYPE } from '../patterns.ts';
import { didYouMean, quote } from '../nearest.ts';
import { stdioOptions } from '../stdio.ts';
import { isTrue } from './quantities.ts';
import type { ForeignReading, Report } from './reading.ts';

type Variables = Readonly<Record<string, string>>;

/** of-watchdog's modes; without one it is the classic watchdog that runs the function. */
const MODES = ['streaming', 'serializing', 'http', 'static', 'inproc'] as const;
export type WatchdogMode = (typeof MODES)[number] | 'classic';

/** A watchdog in an image answers itself when its time is over; the platform waits a little longer, so that it can. */
const GRACE_MS = 5000;
const MAX_CONCURRENCY = 1_000_000;

export function modeIn(env: Variables, report: Report): WatchdogMode {
  const { mode } = env;
  if (mode === undefined || mode === '') return 'classic';
  const known = MODES.find((one) => one === mode);
  if (known === 'inproc') report('mode inproc is for programs in Go that contain the watchdog');
  else if (known === undefined) report(`${quote(mode)} is no mode of of-watchdog: ${MODES.join(', ')}${didYouMean(mode, MODES)}`);
  return known ?? 'classic';
}

/** As the watchdog would run it. `at` reports at a variable. */
export function withWatchdog(spec: FunctionSpec, mode: StdioMode, reading: ForeignReading, at: (name: string) => Report): FunctionSpec {
  const { env } = spec;
  const { cgi_headers, combine_output, marshal_request, content_type, jwt_auth } = env;
  if (jwt_auth !== undefined && isTrue(jwt_auth)) at('jwt_auth')('jwt_auth is not there: the function would be open to everybody');
  const classic = mode === 'classic';
  const stdio = stdioOptions(mode, {
    cgiHeaders: cgi_headers === undefined || isTrue(cgi_headers),
    combineOutput: classic && (combine_output === undefined || isTrue(combine_output)),
    marshalRequest: classic && marshal_request !== undefined && isTrue(marshal_request),
  });
  if (content_type !== undefined && !CONTENT_TYPE.test(content_type)) at('content_type')(`${quote(content_type)} is not a media type`);
  return {
    ...withWatchdogLimits(spec, reading, at),
    ...(spec.contract === 'stdio' ? { stdio, ...(content_type === undefined ? {} : { contentType: content_type }) } : {}),
  };
}

/** Deadline and requests at once. */
export function withWatchdogLimits(spec: FunctionSpec, reading: ForeignReading, at: (name: string) => Report): FunctionSpec {
  const { max_inflight } = spec.env;
  const most = max_inflight === undefined ? 0 : Number(max_inflight);
  if (!Number.isInteger(most) || most < 0) at('max_inflight')(`${quote(max_inflight ?? '')} is not a number of requests`);
  const deadlineMs = deadlineIn(spec.env, reading, at);
  return {
    ...spec,
    limits: {
      ...spec.limits,
      ...(most > 0 ? { concurrency: Math.min(most, MAX_CONCURRENCY) } : {}),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    },
  };
}

/** For a watchdog in an image. */
export function withGrace(spec: FunctionSpec, reading: ForeignReading, at: (name: string) => Report): FunctionSpec {
  const deadlineMs = deadlineIn(spec.env, reading, at);
  return deadlineMs === undefined ? spec : { ...spec, limits: { ...spec.limits, deadlineMs: deadlineMs + GRACE_MS } };
}

/** exec_timeout, when it is on; else write_timeout, behind which nobody would hear an answer. */
function deadlineIn(env: Variables, reading: ForeignReading, at: (name: string) => Report): number | undefined {
  for (const name of ['exec_timeout', 'write_timeout']) {
    const text = env[name];
    if (text === undefined || /^0[a-zµ]*$/.test(text)) continue;
    return reading.deadline(text, at(name));
  }
  return undefined;
}
