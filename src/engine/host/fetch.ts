/**
 * Outbound HTTP, by allow-list of origins. The text of request and result is described in docs/guest-abi.md.
 * Redirects are handed to the function, which may follow them if the target is granted as well.
 */
import { copyOf } from '../../model/bytes.ts';
import { CALL_ERROR } from '../abi.ts';
import { I32 } from '../asm.ts';
import type { Chain } from '../chain.ts';
import type { Runtime } from '../runtime.ts';
import { bytesAt, caller, give } from './guest.ts';
import { suspending } from './suspending.ts';

/** Headers that are the connection's business, not the function's. */
const DENIED_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'keep-alive',
  'te',
  'trailer',
  'expect',
]);

/** Of an answer: its body arrives decoded, in one piece. */
const OF_THE_TRANSFER = new Set(['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive']);

const PAST_DEADLINE_MS = 1000;
const NOTHING = new Uint8Array(0);

interface Outcome {
  readonly error: number;
  readonly text: Uint8Array;
}

interface OutboundRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: [string, string][];
  readonly body: Uint8Array<ArrayBuffer>;
}

export function fetchImports(runtime: Runtime): Record<string, unknown> {
  return {
    fetch: suspending(runtime, [I32, I32, I32, I32], (request: number, length: number, out: number, capacity: number) => {
      const chain = caller(runtime);
      const bytes = copyOf(bytesAt(chain, request, length));
      const { outcome, abort } = chain.effect('fetch', () => {
        const controller = new AbortController();
        // A deadline aborts it; a request that ended before it could wait has none to come.
        const signal = AbortSignal.any([
          controller.signal,
          AbortSignal.timeout(Math.ceil(Math.max(0, chain.deadlineAt - performance.now())) + PAST_DEADLINE_MS),
        ]);
        return { outcome: perform(chain, bytes, signal).then((got) => kept(chain, got)), abort: () => controller.abort() };
      });
      return runtime.suspend((resume) => {
        void outcome.then(({ error, text }) => resume(() => (error === 0 ? collect(chain, text, out, capacity) : error)));
        // Resumed by the answer there is nothing left to abort; resumed by a deadline nobody wants it any more.
        return abort;
      });
    }),
  };
}

/** Counted once: a replay takes the same result again. */
function kept(chain: Chain, got: Outcome): Outcome {
  return got.error !== 0 || chain.results.hold(got.text.length) ? got : { error: CALL_ERROR.busy, text: NOTHING };
}

function collect(chain: Chain, text: Uint8Array, out: number, capacity: number): number {
  chain.takeFromHost(text);
  return give(chain, text, out, capacity);
}

async function perform(chain: Chain, bytes: Uint8Array, signal: AbortSignal): Promise<Outcome> {
  const fail = (error: number): Outcome => ({ error, text: NOTHING });
  const fn = chain.activeFunction;
  const { spec } = fn;
  const request = parse(bytes);
  if (!request) return fail(CALL_ERROR.failed);
  if (!spec.origins.includes(request.url.origin)) return fail(CALL_ERROR.denied);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      redirect: 'manual',
      signal,
      ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { body: request.body }),
    });
    const body = await bounded(response, spec.limits.requestBytes);
    if (!body) return fail(CALL_ERROR.tooLarge);
    const lines = [...response.headers].filter(([name]) => !OF_THE_TRANSFER.has(name)).map(([name, value]) => `${name}: ${value}`);
    const head = [`${response.status} ${response.statusText}`, ...lines];
    return { error: 0, text: Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]) };
  } catch (cause) {
    if (signal.aborted) return fail(CALL_ERROR.deadline);
    chain.version.log(fn, 'warn', `outbound request to ${request.url.origin} failed: ${reason(cause)}`);
    return fail(CALL_ERROR.io);
  }
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}

function parse(bytes: Uint8Array): OutboundRequest | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = buffer.toString('latin1', 0, end).split('\r\n');
  const [method = '', target = ''] = first.split(' ');
  const url = URL.parse(target);
  if (!url || !/^[A-Z]+$/.test(method)) return undefined;
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return {
    method,
    url,
    headers: headers.filter(([name]) => name !== '' && !DENIED_HEADERS.has(name.toLowerCase())),
    body: new Uint8Array(buffer.subarray(end + 4)),
  };
}

async function bounded(response: Response, limit: number): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > limit) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
