/** An engine thread inside the test's own thread, with a watchdog, and requests without a socket. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CONTRACTS } from '../../src/contracts/index.ts';
import { createControl } from '../../src/engine/control.ts';
import type { AppVersion, FromThread, LogRecord } from '../../src/engine/protocol.ts';
import { type EngineOptions, EngineThread } from '../../src/engine/thread.ts';
import type { FunctionSettings } from '../../src/model/app.ts';
import type { Exchange } from '../../src/model/exchange.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/model/limits.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface Reply {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly bytes: Uint8Array;
}

/** A request whose answer is kept, like a very patient client's. */
export class TestExchange implements Exchange {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  readonly method: string = 'POST';
  readonly path: string;
  readonly query: string;
  closed = false;
  onHungUp: (() => void) | null = null;
  aborted = false;
  readonly reply: Promise<Reply>;
  #answer!: (reply: Reply) => void;
  #status = 0;
  #head = '';
  readonly #pieces: Uint8Array[] = [];

  constructor(body: Uint8Array | string = '', target = '/') {
    this.body = typeof body === 'string' ? encoder.encode(body) : body;
    const [path = '', query = ''] = target.split('?');
    this.path = path === '/' ? '' : path;
    this.query = query;
    this.head = encoder.encode(`POST ${target} HTTP/1.1\r\nHost: test\r\n`);
    this.reply = new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  respond(status: number, head: Uint8Array, body: Uint8Array): void {
    if (this.#status !== 0) throw new Error('answered twice');
    this.begin(status, head);
    this.write(body);
    this.end();
  }

  begin(status: number, head: Uint8Array): void {
    this.#status = status;
    this.#head = decoder.decode(head);
  }

  write(piece: Uint8Array): boolean {
    this.#pieces.push(piece.slice());
    return true;
  }

  async drained(): Promise<void> {}

  end(): void {
    const bytes = Buffer.concat(this.#pieces);
    this.#answer({ status: this.#status, head: this.#head, body: decoder.decode(bytes), bytes });
  }

  abort(): void {
    this.aborted = true;
    this.end();
  }
}

export interface TestFunction {
  /** Of a function in a context. */
  readonly wasm?: Uint8Array;
  /** Path of a native program. */
  readonly program?: string;
  readonly limits?: Partial<Limits>;
  /** Packed files: guest path → content. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly spec?: Partial<FunctionSettings>;
}

export class TestEngine {
  readonly messages: FromThread[] = [];
  readonly thread: EngineThread;
  readonly #watchdog: Worker;
  #version = 0;

  constructor(options: Partial<EngineOptions> = {}) {
    const controls = [createControl()];
    this.#watchdog = new Worker(new URL('../../src/engine/watchdog.ts', import.meta.url), { workerData: { controls } });
    this.thread = new EngineThread({
      thread: 0,
      threads: 1,
      controls,
      contracts: CONTRACTS,
      report: (message) => this.messages.push(message),
      ...options,
    });
  }

  static async start(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
    const engine = new TestEngine(options);
    await once(engine.#watchdog, 'online');
    // node:test runs the hooks of a file when nothing is left to do in it; requests under way keep the thread alive themselves.
    engine.#watchdog.unref();
    return engine;
  }

  get logs(): LogRecord[] {
    return this.messages.flatMap((m) => (m.type === 'log' ? m.records : []));
  }

  /** Records since the last time. */
  takeLogs(): LogRecord[] {
    this.thread.flushLogs();
    const { logs } = this;
    this.messages.splice(0, this.messages.length, ...this.messages.filter((m) => m.type !== 'log'));
    return logs;
  }

  /** Waits until no request is under way: those that nobody waits for outlive their answer. */
  async quiet(): Promise<void> {
    while (this.thread.busy > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async deploy(functions: Readonly<Record<string, TestFunction>>, merge: string[][] = [], app = 'test'): Promise<FromThread | undefined> {
    const version = ++this.#version;
    const source: AppVersion = {
      app,
      version,
      merge,
      functions: Object.entries(functions).map(([name, fn]) => ({
        module: fn.wasm && new WebAssembly.Module(Uint8Array.from(fn.wasm)),
        program: fn.program,
        files: fn.files ?? {},
        spec: specOf(name, fn),
      })),
    };
    await this.thread.deploy(source);
    return this.messages.find((m) => (m.type === 'deployed' || m.type === 'refused') && m.version === version);
  }

  send(name: string, body: Uint8Array | string = ''): TestExchange {
    const route = this.thread.route(name);
    if (!route) throw new Error(`no function ${name}`);
    const exchange = new TestExchange(body);
    this.thread.dispatch(route, exchange);
    return exchange;
  }

  call(name: string, body: Uint8Array | string = ''): Promise<Reply> {
    return this.send(name, body).reply;
  }

  async close(): Promise<void> {
    await this.thread.close();
    // Without a watchdog a function that spins would never give the thread back.
    while (this.thread.runtime.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
    await this.#watchdog.terminate();
  }
}

function specOf(name: string, fn: TestFunction): FunctionSettings {
  return {
    name,
    contract: 'weft',
    isolation: { kind: 'context' },
    rollback: 'request',
    env: {},
    secrets: {},
    args: [],
    origins: [],
    idleMs: 0,
    warm: 0,
    ...fn.spec,
    limits: { ...DEFAULT_LIMITS, ...fn.limits },
  };
}
