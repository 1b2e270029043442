/** HTTP to the container engine, over its socket or TLS: requests, and connections that become plain streams ("hijacked"). */
import { Agent, type IncomingMessage, type RequestOptions, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Endpoint } from './endpoint.ts';
import { engineError } from './engine-error.ts';

/** The engine understood and refused. */
export class EngineRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An engine's own words are short. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** Answers that are read whole. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export class EngineConnection {
  readonly endpoint: Endpoint;
  readonly #agent: Agent;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
    const { tls } = endpoint;
    this.#agent = tls
      ? new TlsAgent({ keepAlive: true, ca: tls.ca, cert: tls.cert, key: tls.key, rejectUnauthorized: tls.verify })
      : new Agent({ keepAlive: true });
  }

  /** The whole answer. @throws EngineRefusal; WeftError WEFT_CONTAINER_ENGINE; the signal's reason */
  async ask(request: EngineRequest): Promise<string> {
    const answer = await this.open(request);
    return this.#read(answer, MAX_ANSWER_BYTES, request.signal);
  }

  /** An answer that comes in pieces. @throws as `ask` */
  async open(request: EngineRequest): Promise<IncomingMessage> {
    const answer = await this.#send(request).catch((cause: unknown) => {
      // Between two requests the engine may have closed the connection that was kept: it has not seen this one.
      if (cause instanceof StaleConnection) return this.#send(request);
      throw cause;
    });
    if ((answer.statusCode ?? 0) < 400) return answer;
    throw new EngineRefusal(answer.statusCode ?? 0, messageOf(await this.#read(answer, MAX_MESSAGE_BYTES, request.signal)));
  }

  /** A connection that carries raw bytes both ways from now on; the engine has so long to agree. @throws as `ask` */
  hijack(path: string, ms: number): Promise<Duplex> {
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    const request = this.#request({ method: 'POST', path, headers: { connection: 'Upgrade', upgrade: 'tcp' } });
    // No signal: it would end the connection that came of the request, too.
    const late = setTimeout(() => request.destroy(new Error(`it did not answer within ${ms} ms`)), ms);
    request.once('upgrade', (_answer, socket, first) => {
      if (first.length > 0) socket.unshift(first);
      resolve(socket);
    });
    request.once('response', (answer) => {
      this.#read(answer, MAX_MESSAGE_BYTES, undefined).then(
        (text) => reject(new EngineRefusal(answer.statusCode ?? 0, messageOf(text))),
        reject,
      );
    });
    request.once('error', (cause) => reject(this.#unreachable(cause, undefined)));
    request.end();
    return promise.finally(() => clearTimeout(late));
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(request: EngineRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { body, headers, signal } = request;
      const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const sent = this.#request({
        ...request,
        headers: { ...headers, ...(json ? { 'content-type': 'application/json' } : {}), 'content-length': String(json?.length ?? 0) },
      });
      sent.once('response', resolve);
      sent.once('error', (cause: NodeJS.ErrnoException) => {
        const stale = sent.reusedSocket && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
        reject(stale ? new StaleConnection() : this.#unreachable(cause, signal));
      });
      sent.end(json);
    });
  }

  #request({ method, path, headers, signal }: EngineRequest): ReturnType<typeof plainRequest> {
    const { address, tls } = this.endpoint;
    const options: RequestOptions = {
      method,
      path,
      agent: this.#agent,
      // The engine checks nothing of it, but HTTP wants one.
      headers: { host: 'docker', ...headers },
      ...(address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port }),
      ...(signal && { signal }),
    };
    return tls ? tlsRequest({ ...options, ...(address.kind === 'tcp' && { servername: nameOf(address.host) }) }) : plainRequest(options);
  }

  async #read(answer: IncomingMessage, limit: number, signal: AbortSignal | undefined): Promise<string> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const piece of answer as AsyncIterable<Buffer>) {
        bytes += piece.length;
        if (bytes > limit) throw new Error(`it answers with more than ${limit} bytes`);
        pieces.push(piece);
      }
    } catch (cause) {
      throw this.#unreachable(cause, signal);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  #unreachable(cause: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    return engineError(this.endpoint.where, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

class StaleConnection extends Error {}

/** An address is none for TLS's server name. */
function nameOf(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host;
}

function messageOf(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed && typeof parsed.message === 'string')
      return parsed.message.trim();
  } catch {
    // Not JSON: what it said is the message.
  }
  return body.trim();
}
