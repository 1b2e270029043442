/**
 * Fn's contract as its functions' processes and containers see it: `http-stream`, one call at a time over a Unix socket. A client's
 * request comes to them as Fn's HTTP triggers have it; a call from another function as a plain invocation.
 */
import type { HttpWire, WireAnswer, WireCall, WireReply, WireRequest } from '../drivers/wire.ts';
import { Failure, type Input } from '../engine/contract.ts';
import type { FunctionSettings } from '../model/app.ts';
import { forwarded, forwardedOf, headLines } from './forwarding.ts';
import { headerIn, latin1 } from './head.ts';
import { isoTime } from './iso-time.ts';

const MIB = 1024 * 1024;
const OK = 200;
const FAILED = 502;
const TIMED_OUT = 504;
const HOST = [['Host', 'localhost']] as const;
const BLANK = 0x20;
const HTTP_HEADER = 'fn-http-h-';

export const fnWire: HttpWire = {
  kind: 'http',
  listens: 'unix',
  exclusive: true,
  env(spec: FunctionSettings, address: string, app: string): Record<string, string> {
    return { FN_FORMAT: 'http-stream', FN_LISTENER: address, ...fnVariables(spec, app) };
  },
  /** Fn's statuses, and the beginning of its words; it goes on to blame the kit, where here is said what is wrong. */
  notReady(_spec: FunctionSettings, how: 'late' | 'failed', reason: string): Failure {
    if (how === 'late') return fnFailure(TIMED_OUT, `Container initialization timed out: ${reason}`, reason);
    return fnFailure(FAILED, `Container failed to initialize: ${reason}`, reason);
  },
  ask(_spec: FunctionSettings, input: Input, call: WireCall): WireRequest {
    const more: [string, string][] = [
      ['Fn-Call-Id', call.id],
      ['Fn-Deadline', isoTime(call.deadlineAt)],
    ];
    if (input.head.length > 0) more.push(...triggered(input));
    return { method: 'POST', target: '/call', headers: HOST, more, body: input.body };
  },
  answer(_spec: FunctionSettings, { status, headers }: WireReply, call?: WireCall): WireAnswer {
    if (status === FAILED) return failed(FAILED, 'function failed', false);
    if (status === TIMED_OUT) return failed(TIMED_OUT, 'Timed out', true);
    if (status !== OK) return failed(FAILED, 'invalid function response', true, `it answered its socket with status ${status}`);
    return passed(headers, call);
  },
};

/** What Fn tells each of its functions about itself, wherever it runs. */
export function fnVariables({ name, limits }: FunctionSettings, app: string): Record<string, string> {
  return {
    FN_MEMORY: String(Math.floor(limits.memoryBytes / MIB)),
    FN_TYPE: 'sync',
    FN_FN_ID: name,
    FN_APP_ID: app,
    FN_NAME: name,
    FN_APP_NAME: app,
  };
}

/** Of an HTTP trigger: the client's request, within headers of the call. */
function* triggered({ head, body, method }: Input): Generator<[string, string]> {
  yield ['Fn-Intent', 'httprequest'];
  yield ['Fn-Http-Method', method];
  yield ['Fn-Http-Request-Url', urlOf(head)];
  if (body.length > 0) yield ['Fn-Http-H-Content-Length', String(body.length)];
  for (const [name, value] of forwardedOf(head)) {
    const canonical = canonicalName(name);
    // Go keeps Host apart from the headers, so Fn's functions never see it among them.
    if (canonical === 'Host') continue;
    yield [canonical === 'Content-Type' ? canonical : `Fn-Http-H-${canonical}`, value];
  }
}

/** What the client asked for, as a URL. */
export function urlOf(head: Uint8Array): string {
  const target = targetOf(head);
  return target.startsWith('/') ? `http://${headerIn(head, 'host') ?? 'localhost'}${target}` : target;
}

/** The second word of the request line. */
function targetOf(head: Uint8Array): string {
  const from = head.indexOf(BLANK) + 1;
  const end = head.indexOf(BLANK, from);
  return from === 0 || end < 0 ? '/' : latin1(head.subarray(from, end));
}

/** As Go writes them, and so as every FDK has always got them. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (initial) => initial.toUpperCase());
}

/** Only what is meant for the client goes to it. */
function passed(headers: WireReply['headers'], call: WireCall | undefined): WireAnswer {
  let status = OK;
  let hasType = false;
  const kept: [string, string][] = [];
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (lower === 'fn-http-status') status = Number(value);
    else if (lower === 'content-type') {
      if (!hasType) kept.push([name, value]);
      hasType = true;
    } else if (lower.startsWith(HTTP_HEADER) && lower.length > HTTP_HEADER.length) kept.push([name.slice(HTTP_HEADER.length), value]);
  }
  if (!Number.isInteger(status) || status < 200 || status > 599)
    return failed(FAILED, 'invalid function response', false, 'its Fn-Http-Status is none of 200..599');
  if (call) kept.push(['Fn-Call-Id', call.id]);
  return { kind: 'pass', status, head: headLines(forwarded(kept)) };
}

function failed(status: number, message: string, fatal: boolean, reason = message): WireAnswer {
  return { kind: 'failure', failure: fnFailure(status, message, reason), fatal };
}

const JSON_HEAD = Buffer.from('Content-Type: application/json; charset=utf-8\r\n');

/** A failure whose client sees what Fn's would. */
export function fnFailure(status: number, message: string, reason: string): Failure {
  return new Failure(reason, { status, head: JSON_HEAD, body: Buffer.from(`${JSON.stringify({ message })}\n`) });
}
