/** The admin API from the other side: what the command line asks a running platform. */
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import type { LogRecord } from '../../engine/protocol.ts';
import type { AppBundle } from '../../model/app.ts';
import { type ErrorCode, ERRORS, WeftError } from '../../model/errors.ts';
import { type Digest, digestOf } from '../../registry/digest.ts';
import type { AppContent } from '../../registry/record.ts';
import type { Deployed } from '../deployments.ts';
import type { LogQuery } from '../log-store.ts';
import type { AppStatus, FunctionStatus } from '../status.ts';
import { ADMIN } from './password.ts';

export interface AdminClientOptions {
  readonly url: string;
  readonly password: string | undefined;
  /** Where something in front of the platform knows others. */
  readonly user?: string;
  readonly signal?: AbortSignal;
}

/** All methods throw a WeftError: the platform's own, or WEFT_NOT_RUNNING when it cannot be reached. */
export class AdminClient {
  readonly #options: AdminClientOptions;

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  /** Uploads what is not there yet, then deploys all of it at once. */
  async deploy(bundle: AppBundle): Promise<Deployed> {
    const { content, artifacts } = contentOf(bundle);
    const path = `/system/apps/${encodeURIComponent(bundle.app)}`;
    await this.#upload(artifacts);
    try {
      return await this.#json<Deployed>('PUT', path, content);
    } catch (error) {
      // Another deploy may just have dropped what this one shares with the app's old version.
      if (!(error instanceof WeftError) || !['WEFT_ARTIFACT_MISSING', 'WEFT_DATA_DAMAGED'].includes(error.code)) throw error;
      await this.#upload(artifacts);
      return this.#json<Deployed>('PUT', path, content);
    }
  }

  list(): Promise<readonly AppStatus[]> {
    return this.#json('GET', '/system/apps');
  }

  /** `name` may be followed by a dot and the app. */
  async describe(name: string): Promise<FunctionStatus> {
    const functions = (await this.list()).flatMap((app) => app.functions);
    const found = functions.find((fn) => fn.name === name || `${fn.name}.${fn.app}` === name);
    if (!found) throw new WeftError('WEFT_FUNCTION_NOT_FOUND', { name });
    return found;
  }

  async remove(app: string): Promise<void> {
    await this.#json('DELETE', `/system/apps/${encodeURIComponent(app)}`);
  }

  /** One function; its app as well, when it is the last. */
  async removeFunction(name: string): Promise<void> {
    const [functionName, namespace] = name.split('.');
    await this.#ask('DELETE', '/system/functions', JSON.stringify({ functionName, namespace }));
  }

  async scale(name: string, replicas: number): Promise<void> {
    await this.#ask('POST', `/system/scale-function/${encodeURIComponent(name)}`, JSON.stringify({ replicas }));
  }

  async *logs({ app, name, tail, since, follow }: LogQuery = {}, signal?: AbortSignal): AsyncIterable<LogRecord> {
    const query = new URLSearchParams();
    if (app !== undefined) query.set('namespace', app);
    if (name !== undefined) query.set('name', name);
    if (tail !== undefined) query.set('tail', String(tail));
    if (since !== undefined) query.set('since', new Date(since).toISOString());
    if (follow) query.set('follow', 'true');
    try {
      const { body } = await this.#ask('GET', `/system/logs?${query.toString()}`, undefined, signal);
      for await (const line of lines(body)) yield toRecord(line);
    } catch (cause) {
      if (!signal?.aborted) throw cause instanceof WeftError ? cause : this.#unreachable(cause);
    }
  }

  async #upload(artifacts: ReadonlyMap<Digest, Uint8Array>): Promise<void> {
    for (const [digest, content] of artifacts) {
      const path = `/system/artifacts/${digest}`;
      if (!(await this.#has(path))) await this.#ask('PUT', path, content);
    }
  }

  async #has(path: string): Promise<boolean> {
    const { statusCode, body } = await this.#send('HEAD', path);
    await body.dump();
    if (statusCode === 404) return false;
    if (statusCode >= 400) throw failure(statusCode, undefined);
    return true;
  }

  async #json<T>(method: Dispatcher.HttpMethod, path: string, content?: unknown): Promise<T> {
    const { body } = await this.#ask(method, path, content === undefined ? undefined : JSON.stringify(content));
    return (await body.json()) as T; // both ends are of one version, or the errors above tell
  }

  async #ask(method: Dispatcher.HttpMethod, path: string, content?: string | Uint8Array, signal?: AbortSignal) {
    const answer = await this.#send(method, path, content, signal);
    if (answer.statusCode < 400) return answer;
    throw failure(answer.statusCode, await answer.body.json().catch(() => undefined));
  }

  async #send(method: Dispatcher.HttpMethod, path: string, content?: string | Uint8Array, signal?: AbortSignal) {
    const { url, password, user = ADMIN } = this.#options;
    const ends = [signal, this.#options.signal].filter((each) => each !== undefined);
    const { request } = await import('undici'); // a tenth of a second, which commands that ask nobody do not wait
    try {
      return await request(new URL(path, url), {
        method,
        headers: {
          ...(password === undefined ? {} : { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }),
          ...(content === undefined
            ? {}
            : { 'content-type': typeof content === 'string' ? 'application/json' : 'application/octet-stream' }),
        },
        body: content ?? null,
        // A deploy waits for init hooks, and a followed log may be silent for hours.
        headersTimeout: 0,
        bodyTimeout: 0,
        ...(ends.length === 0 ? {} : { signal: AbortSignal.any(ends) }),
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  #unreachable(cause: unknown): WeftError {
    const reason = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || cause.name : String(cause);
    return new WeftError('WEFT_NOT_RUNNING', { where: this.#options.url, reason }, { cause });
  }
}

/** An error of the platform, with the words it has there. */
class RemoteError extends WeftError {
  readonly #hint: string;

  constructor(code: ErrorCode, message: string, hint: string) {
    super(code);
    this.message = message;
    this.#hint = hint;
  }

  override get hint(): string {
    return this.#hint;
  }
}

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string(), hint: z.string() }) });

function failure(status: number, body: unknown): WeftError {
  const { data } = errorSchema.safeParse(body);
  if (data && isErrorCode(data.error.code)) return new RemoteError(data.error.code, data.error.message, data.error.hint);
  if (status === 401) return new WeftError('WEFT_UNAUTHORIZED');
  return new WeftError('WEFT_INTERNAL', { reason: data?.error.message ?? `the platform answered with status ${status}` });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

function contentOf(bundle: AppBundle): { content: AppContent; artifacts: Map<Digest, Uint8Array> } {
  const artifacts = new Map<Digest, Uint8Array>();
  const add = (content: Uint8Array): Digest => {
    const digest = digestOf(content);
    artifacts.set(digest, content);
    return digest;
  };
  const functions = bundle.functions.map(({ settings, wasm, executable, files, labels = {}, annotations = {} }) => ({
    settings,
    ...(wasm ? { wasm: add(wasm) } : {}),
    ...(executable ? { executable: add(executable) } : {}),
    files: Object.fromEntries(Object.entries(files).map(([path, content]) => [path, add(content)])),
    labels,
    annotations,
  }));
  return { content: { functions, merge: bundle.merge } as AppContent, artifacts }; // only written out from here
}

async function* lines(body: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of body) {
    const parts = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts.filter((line) => line !== '');
  }
}

const lineSchema = z.object({
  name: z.string(),
  namespace: z.string(),
  instance: z.string(),
  timestamp: z.string(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  text: z.string(),
});

function toRecord(line: string): LogRecord {
  const { name, namespace, instance, timestamp, level, text } = lineSchema.parse(JSON.parse(line));
  return { time: Date.parse(timestamp), level, app: namespace, function: name, thread: Number(instance), text };
}
