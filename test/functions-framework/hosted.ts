/** Functions of the tests, built and served; what they answer and what they print. */
import { join } from 'node:path';
import type { Builder } from '../../src/toolchain/index.ts';
import { TestEngine, TestExchange } from '../engine/harness.ts';
import { fn, sources } from '../toolchain/workshop.ts';

export interface Request {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  /** Header lines, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly bytes: Uint8Array;
}

/** A function that is being served. */
export interface Hosted {
  send(request: Request): Promise<Answer>;
  /** Lines that were printed since the last time. */
  printed(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Program {
  /** Below `sources/`. */
  readonly source: string;
  readonly entry?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

class EngineExchange extends TestExchange {
  override readonly head: Uint8Array;
  override readonly method: string;

  constructor({ method = 'POST', target = '/', headers = [], body = '' }: Request) {
    super(body, target);
    this.method = method;
    const lines = [
      `${method} /function/fn${target === '/' ? '' : target} HTTP/1.1`,
      'Host: test',
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ];
    this.head = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
  }
}

/** In a WebAssembly context. @throws Error when the deploy is refused */
export async function inContext(builder: Builder, { source, entry, args = [], env = {} }: Program): Promise<Hosted> {
  const spec = sources([join(import.meta.dirname, 'sources', source)], { stackBytes: 256 * 1024, ...(entry !== undefined && { entry }) });
  const { wasm } = await builder.build(fn(spec, 'functions-framework'));
  const engine = await TestEngine.start();
  const outcome = await engine.deploy({ fn: { wasm, spec: { contract: 'functions-framework', args, env } } });
  const printed = (): string[] => engine.takeLogs().map(({ text }) => text);
  if (outcome?.type !== 'deployed') {
    const said = [JSON.stringify(outcome), ...printed()].join('\n');
    await engine.close();
    throw new Error(said);
  }
  return {
    send: (request) => ask(engine, request),
    printed: async () => printed(),
    close: () => engine.close(),
  };
}

/** Of the engine's function `fn`. */
export async function ask(engine: TestEngine, request: Request): Promise<Answer> {
  const route = engine.thread.route('fn');
  if (!route) throw new Error('it is not there');
  const exchange = new EngineExchange(request);
  engine.thread.dispatch(route, exchange);
  const { status, head, body, bytes } = await exchange.reply;
  return { status, headers: headersOf(head), body, bytes };
}

function headersOf(head: string): Map<string, string> {
  const lines = head.split('\r\n').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
}
