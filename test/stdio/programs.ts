/** Programs of contract stdio in contexts, and requests to them without a socket. */
import assert from 'node:assert/strict';
import type { FunctionSettings, StdioMode, StdioOptions } from '../../src/model/app.ts';
import type { Limits } from '../../src/model/limits.ts';
import { compiled } from '../engine/compiled.ts';
import { type Reply, TestEngine, TestExchange } from '../engine/harness.ts';

export interface Asked {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
}

export class Request extends TestExchange {
  override readonly method: string;
  override readonly head: Uint8Array;

  constructor({ method = 'POST', target = '/', headers = [], body = '' }: Asked) {
    super(body, target);
    this.method = method;
    this.head = new TextEncoder().encode([`${method} ${target} HTTP/1.1`, ...headers, ''].join('\r\n'));
  }
}

export interface Program {
  readonly source: string;
  readonly stdio?: Partial<StdioOptions>;
  readonly spec?: Partial<FunctionSettings>;
  readonly limits?: Partial<Limits>;
}

export function options(mode: StdioMode, given: Partial<StdioOptions> = {}): StdioOptions {
  return { mode, cgiHeaders: true, combineOutput: false, marshalRequest: false, headers: {}, ...given };
}

/** An engine with one mode's programs. */
export async function serve(mode: StdioMode, programs: Readonly<Record<string, Program>>): Promise<TestEngine> {
  const engine = await TestEngine.start();
  const functions = Object.entries(programs).map(async ([name, { source, stdio, spec, limits }]) => {
    const wasm = await compiled(source, { contract: 'stdio' });
    return [name, { wasm, spec: { contract: 'stdio', stdio: options(mode, stdio), ...spec }, ...(limits ? { limits } : {}) }] as const;
  });
  const outcome = await engine.deploy(Object.fromEntries(await Promise.all(functions)));
  assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  return engine;
}

export function send(engine: TestEngine, name: string, request: TestExchange): Promise<Reply> {
  const route = engine.thread.route(name);
  assert.ok(route, `no function ${name}`);
  engine.thread.dispatch(route, request);
  return request.reply;
}

export function ask(engine: TestEngine, name: string, asked: Asked = {}): Promise<Reply> {
  return send(engine, name, new Request(asked));
}

/** Prints its whole environment, sorted as it comes. */
export const ENV = `
#include <stdio.h>
extern char **environ;
int main(void) { for (char **at = environ; *at; at++) puts(*at); }`;

export const CAT = `
#include <stdio.h>
int main(void) { for (int c; (c = getchar()) != EOF;) putchar(c); }`;

/** Prints on both streams in turns, and exits with the code that its input says. */
export const BOTH = `
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void) {
  char line[16] = "";
  fgets(line, sizeof line, stdin);
  write(1, "one ", 4); write(2, "two ", 4); write(1, "three", 5);
  exit(atoi(line));
}`;

export function environmentIn({ body }: Reply): Record<string, string> {
  return Object.fromEntries(
    body
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
}
