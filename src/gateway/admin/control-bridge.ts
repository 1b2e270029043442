/**
 * Requests for the admin API on their way from an engine thread, and answers on their way back. The admin API is a fastify
 * instance without a port of its own: each request is injected.
 */
import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { ControlAnswer, ControlRequest } from '../../engine/protocol.ts';
import { WeftError } from '../../model/errors.ts';
import type { EngineWorker } from '../engine-worker.ts';
import type { PlatformLog } from '../platform.ts';

/** Requests under way, and their bodies together. */
const MAX_REQUESTS = 1000;
const MAX_BODY_BYTES = 512 * 1024 * 1024;
/** The ingress frames the answer, and inject the request. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'expect',
  'te',
  'trailer',
  'upgrade',
  'date',
]);

/** Marks an answer that comes in pieces, from a route to this bridge. */
export const STREAMED = 'x-weft-streamed';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;
type Method = (typeof METHODS)[number];

export class ControlBridge {
  readonly #say: PlatformLog;
  readonly #underWay = new Map<EngineWorker, Map<number, AbortController>>();
  #admin: FastifyInstance | undefined;
  #requests = 0;
  #bodyBytes = 0;

  constructor(say: PlatformLog) {
    this.#say = say;
  }

  connect(admin: FastifyInstance): void {
    this.#admin = admin;
  }

  /** Always ends in one answer, unless the client or its thread is gone. */
  serve(worker: EngineWorker, id: number, request: ControlRequest): void {
    if (this.#requests >= MAX_REQUESTS || this.#bodyBytes + request.body.length > MAX_BODY_BYTES)
      return worker.answer(id, errorAnswer(new WeftError('WEFT_BUSY', { reason: 'too many requests to the admin API at once' })));
    const abort = new AbortController();
    const ofWorker = this.#underWay.get(worker) ?? new Map<number, AbortController>();
    this.#underWay.set(worker, ofWorker.set(id, abort));
    this.#requests += 1;
    this.#bodyBytes += request.body.length;
    void this.#answer(worker, id, request, abort.signal).finally(() => {
      this.#requests -= 1;
      this.#bodyBytes -= request.body.length;
      ofWorker.delete(id);
    });
  }

  /** The client hung up. */
  closed(worker: EngineWorker, id: number): void {
    this.#underWay.get(worker)?.get(id)?.abort();
  }

  /** The thread is gone, and its clients with it. */
  ended(worker: EngineWorker): void {
    for (const abort of this.#underWay.get(worker)?.values() ?? []) abort.abort();
    this.#underWay.delete(worker);
  }

  async close(): Promise<void> {
    await this.#admin?.close();
  }

  async #answer(worker: EngineWorker, id: number, request: ControlRequest, signal: AbortSignal): Promise<void> {
    let begun = false;
    try {
      const { status, headers, body } = await this.#inject(request, signal);
      if (!headers.some((name, at) => at % 2 === 0 && name === STREAMED)) {
        worker.answer(id, { status, headers, body: await whole(body) });
        return;
      }
      begun = true;
      worker.answer(id, { status, headers: headers.filter((_, at) => headers[at - (at % 2)] !== STREAMED), body: null });
      for await (const piece of body) worker.piece(id, exact(piece as Uint8Array)); // a binary stream gives nothing else
      worker.piece(id, null);
    } catch (error) {
      if (signal.aborted) return;
      this.#say('error', `the admin API failed to answer ${request.method} ${request.target}: ${String(error)}`);
      if (begun) worker.piece(id, null);
      else worker.answer(id, errorAnswer(new WeftError('WEFT_INTERNAL', { reason: String(error) })));
    }
  }

  async #inject(request: ControlRequest, signal: AbortSignal): Promise<{ status: number; headers: string[]; body: Readable }> {
    if (!this.#admin) throw new TypeError('no admin API');
    const answer = await this.#admin.inject({
      method: request.method as Method, // fastify answers a method it does not know by itself
      url: request.target,
      headers: headersOf(request),
      payload: Buffer.from(request.body.buffer, request.body.byteOffset, request.body.length),
      payloadAsStream: true,
      signal,
    });
    return { status: answer.statusCode, headers: flat(answer.headers), body: answer.stream() };
  }
}

/** Of a header that comes twice, the last: none that is looked at here may come twice. */
function headersOf({ headers }: ControlRequest): Record<string, string> {
  const entries: [string, string][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] ?? '').toLowerCase();
    if (!HOP_BY_HOP.has(name)) entries.push([name, headers[at + 1] ?? '']);
  }
  return Object.fromEntries(entries);
}

function flat(headers: Readonly<Record<string, string | number | readonly string[] | undefined>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined || HOP_BY_HOP.has(name)) return [];
    return (typeof value === 'object' ? value : [String(value)]).flatMap((one) => [name, one]);
  });
}

async function whole(body: Readable): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece as Uint8Array); // a binary stream gives nothing else
  return exact(Buffer.concat(pieces));
}

/** Messages carry the whole buffer under a view; this view has one of its own. */
function exact(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function errorAnswer(error: WeftError): ControlAnswer {
  const body = new TextEncoder().encode(`${JSON.stringify(error)}\n`);
  return { status: error.entry.status, headers: ['content-type', 'application/json'], body };
}
