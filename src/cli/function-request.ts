/** HTTP to a function, as any client would send it. */
import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, errors } from 'undici';
import { WeftError } from '../model/errors.ts';

export interface FunctionRequest {
  readonly url: string;
  readonly name: string;
  readonly method: string;
  /** Below the function: "/sub/path?query", "sub/path", "?query" or "". */
  readonly path: string;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
  readonly body: Uint8Array | Readable | undefined;
}

export interface Answer {
  readonly name: string;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: AsyncIterable<Uint8Array>;
}

/** No time limits: a function's own deadline is the one that counts. */
export function createAgent(): Agent {
  return new Agent({ headersTimeout: 0, bodyTimeout: 0 });
}

export async function callFunction(agent: Dispatcher, call: FunctionRequest): Promise<Answer> {
  const { name } = call;
  try {
    const { statusCode, headers, body } = await agent.request({
      origin: call.url,
      path: targetOf(call),
      method: call.method,
      headers: [...call.headers],
      body: call.body ?? null,
      responseHeaders: 'raw',
    });
    const raw = headers as unknown as readonly string[]; // name, value, name, value …: what "raw" asks for
    return { name, status: statusCode, headers: pairs(raw), body: wholeOrError(name, body) };
  } catch (cause) {
    if (cause instanceof Error && isMistake(cause))
      throw new WeftError('WEFT_USAGE', { reason: `This cannot be sent: ${cause.message}`, command: 'weft invoke --help' }, { cause });
    throw new WeftError('WEFT_NOT_RUNNING', { where: call.url, reason: reasonOf(cause) }, { cause });
  }
}

export async function wholeBody(answer: Answer): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of answer.body) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Of whoever asks: it is noticed before anything is sent, and no platform has to do with it. */
function isMistake(cause: Error): boolean {
  const mistakes = [errors.InvalidArgumentError, errors.NotSupportedError, errors.RequestContentLengthMismatchError];
  return mistakes.some((mistake) => cause instanceof mistake);
}

function targetOf({ name, path }: Pick<FunctionRequest, 'name' | 'path'>): string {
  const below = path === '' || /^[/?]/.test(path) ? path : `/${path}`;
  return `/function/${encodeURIComponent(name)}${below}`;
}

/** Errors of several attempts at once (IPv4 and IPv6) have an empty message. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause === undefined ? cause.message : reasonOf(cause.cause);
}

/** A function that fails while it streams cuts the connection: its answer is not whole. */
async function* wholeOrError(name: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new WeftError('WEFT_FUNCTION_FAILED', { name, reason: 'its answer broke off' }, { cause });
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at] ?? '', raw[2 * at + 1] ?? '']);
}
