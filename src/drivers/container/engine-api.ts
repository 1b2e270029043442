/** The part of the Docker Engine API that Weft uses, which Podman answers too. What comes back is checked. */
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { type EngineConnection, EngineRefusal } from './engine-connection.ts';
import { engineError } from './engine-error.ts';
import type { ImageName } from './image-name.ts';

/** The newest version this is written for; older engines are spoken to in theirs. */
const NEWEST: ApiVersion = [1, 47];
/** Engines answer in milliseconds; one under load may take its time, but must not keep us for ever. */
const ANSWER_MS = 120_000;

type ApiVersion = readonly [major: number, minor: number];

const nullable = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

const info = z.object({
  OperatingSystem: nullable(z.string()),
  CgroupVersion: nullable(z.string()),
  SecurityOptions: nullable(z.array(z.string())),
});
export type EngineInfo = z.output<typeof info>;

const image = z.object({
  Id: z.string(),
  Config: nullable(z.object({ ExposedPorts: nullable(z.record(z.string(), z.unknown())) })),
});
export type ImageFacts = z.output<typeof image>;

const container = z.object({
  State: z.object({ Running: z.boolean(), ExitCode: z.number(), OOMKilled: nullable(z.boolean()), Error: nullable(z.string()) }),
  NetworkSettings: nullable(
    z.object({
      IPAddress: nullable(z.string()),
      Networks: nullable(z.record(z.string(), z.object({ IPAddress: nullable(z.string()) }))),
      Ports: nullable(z.record(z.string(), nullable(z.array(z.object({ HostIp: z.string(), HostPort: z.string() }))))),
    }),
  ),
});
export type ContainerFacts = z.output<typeof container>;

const created = z.object({ Id: z.string() });
const listed = z.array(z.object({ Id: z.string(), Labels: nullable(z.record(z.string(), z.string())) }));
const waited = z.object({ StatusCode: z.number() });
const progress = z.object({ error: nullable(z.string()), errorDetail: nullable(z.object({ message: nullable(z.string()) })) });

export class EngineApi {
  readonly #connection: EngineConnection;
  #prefix = '';

  private constructor(connection: EngineConnection) {
    this.#connection = connection;
  }

  /** Agrees on a version. @throws WeftError WEFT_CONTAINER_ENGINE */
  static async connect(connection: EngineConnection, wanted?: string): Promise<EngineApi> {
    const api = new EngineApi(connection);
    const { where } = connection.endpoint;
    try {
      const answer = await connection.open({ method: 'GET', path: '/_ping', signal: AbortSignal.timeout(ANSWER_MS) });
      answer.resume();
      const spoken = versionOf(wanted) ?? older(NEWEST, versionOf(String(answer.headers['api-version'])));
      api.#prefix = spoken ? `/v${spoken.join('.')}` : '';
      return api;
    } catch (cause) {
      throw cause instanceof EngineRefusal ? engineError(where, `it answers ${cause.status} to a ping: ${cause.message}`, cause) : cause;
    }
  }

  async info(): Promise<EngineInfo> {
    return this.#json('GET', '/info', info);
  }

  /** Nothing when it is not there. */
  async inspectImage(name: string): Promise<ImageFacts | undefined> {
    return this.#json('GET', `/images/${encodeURI(name)}/json`, image).catch(absent);
  }

  /** Fetches it from its registry. `auth` as X-Registry-Auth. @throws EngineRefusal with the registry's reason */
  async pull({ repository, tag }: ImageName, auth: string | undefined, signal: AbortSignal): Promise<void> {
    const path = `${this.#prefix}/images/create?${new URLSearchParams({ fromImage: repository, tag }).toString()}`;
    const headers = auth === undefined ? {} : { 'x-registry-auth': auth };
    const answer = await this.#connection.open({ method: 'POST', path, headers, signal });
    answer.setEncoding('utf8');
    let line = '';
    for await (const piece of answer as AsyncIterable<string>) {
      const lines = (line + piece).split('\n');
      line = lines.pop() ?? '';
      for (const text of lines) refusePulled(text);
    }
    refusePulled(line);
  }

  async create(name: string, settings: unknown): Promise<string> {
    return (await this.#json('POST', `/containers/create?name=${encodeURIComponent(name)}`, created, settings)).Id;
  }

  async start(id: string): Promise<void> {
    await this.#ask('POST', `/containers/${id}/start`);
  }

  /** SIGTERM, and SIGKILL after so long. Resolves when it has ended. */
  async stop(id: string, seconds: number): Promise<void> {
    await this.#ask('POST', `/containers/${id}/stop?t=${seconds}`).catch(absent);
  }

  async kill(id: string): Promise<void> {
    await this.#ask('POST', `/containers/${id}/kill`).catch(absent);
  }

  async pause(id: string): Promise<void> {
    await this.#ask('POST', `/containers/${id}/pause`);
  }

  async unpause(id: string): Promise<void> {
    await this.#ask('POST', `/containers/${id}/unpause`);
  }

  inspect(id: string): Promise<ContainerFacts> {
    return this.#json('GET', `/containers/${id}/json`, container);
  }

  /** Resolves with the exit code when it does not run (any more). */
  async wait(id: string, signal: AbortSignal): Promise<number> {
    const answer = await this.#connection.ask({ method: 'POST', path: `${this.#prefix}/containers/${id}/wait`, signal });
    return this.#parse(answer, waited).StatusCode;
  }

  /** With its volumes, even if it runs. */
  async remove(id: string): Promise<void> {
    await this.#ask('DELETE', `/containers/${id}?force=1&v=1`).catch((cause: unknown) => {
      // Somebody else removes it, or has.
      if (!(cause instanceof EngineRefusal && (cause.status === 404 || cause.status === 409))) throw cause;
    });
  }

  /** All that have the label, ended ones too. */
  async list(label: string): Promise<{ readonly id: string; readonly labels: Readonly<Record<string, string>> }[]> {
    const query = new URLSearchParams({ all: '1', filters: JSON.stringify({ label: [label] }) });
    const found = await this.#json('GET', `/containers/json?${query.toString()}`, listed);
    return found.map(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} }));
  }

  /** Its output as frames (`FrameReader`); its input raw. */
  attach(id: string, { stdin }: { readonly stdin: boolean }): Promise<Duplex> {
    const query = `stream=1&stdout=1&stderr=1${stdin ? '&stdin=1' : ''}`;
    return this.#connection.hijack(`${this.#prefix}/containers/${id}/attach?${query}`, ANSWER_MS);
  }

  #ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<string> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    return this.#connection.ask({ method, path: this.#prefix + path, signal, ...(body === undefined ? {} : { body }) });
  }

  async #json<T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    return this.#parse(await this.#ask(method, path, body), schema);
  }

  #parse<T>(answer: string, schema: z.ZodType<T>): T {
    try {
      return schema.parse(JSON.parse(answer));
    } catch (cause) {
      const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
      throw engineError(this.#connection.endpoint.where, `its answer is not understood: ${reason}`, cause);
    }
  }
}

function absent(cause: unknown): undefined {
  if (cause instanceof EngineRefusal && cause.status === 404) return undefined;
  throw cause;
}

/** The status of a pull is sent before it begins: what goes wrong stands in its progress. */
function refusePulled(line: string): void {
  if (line.trim() === '') return;
  const { error, errorDetail } = progress.parse(JSON.parse(line));
  const message = errorDetail?.message ?? error;
  if (message !== undefined) throw new EngineRefusal(500, message);
}

function versionOf(text: string | undefined): ApiVersion | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(text ?? '') ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

function older(one: ApiVersion, other: ApiVersion | undefined): ApiVersion | undefined {
  if (!other) return undefined;
  return one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]) ? one : other;
}
