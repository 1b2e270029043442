/** A real platform on a port of its own, and functions made from WebAssembly text. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, type PlatformOptions, startPlatform } from '../../src/gateway/platform.ts';
import { guest } from '../engine/guests.ts';

export async function dataFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'weft-data-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export class TestPlatform implements AsyncDisposable {
  readonly platform: Platform;
  readonly said: readonly string[];
  readonly #folder: AsyncDisposable | undefined;

  private constructor(platform: Platform, said: readonly string[], folder: AsyncDisposable | undefined) {
    this.platform = platform;
    this.said = said;
    this.#folder = folder;
  }

  static async start(options: Partial<PlatformOptions> = {}): Promise<TestPlatform> {
    await using undo = new AsyncDisposableStack();
    const folder = options.dataDir === undefined ? undo.use(await dataFolder()) : undefined;
    const said: string[] = [];
    const platform = await startPlatform({
      host: '127.0.0.1',
      port: 0,
      threads: 2,
      dataDir: folder?.path ?? '',
      log: (level, text) => said.push(`${level}: ${text}`),
      ...options,
    });
    undo.move();
    return new TestPlatform(platform, said, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.platform.close(0);
    await this.#folder?.[Symbol.asyncDispose]();
  }

  /** The function's answer. */
  async invoke(name: string, body = ''): Promise<{ status: number; body: string }> {
    const answer = await fetch(`${this.platform.url}/function/${name}`, { method: 'POST', body });
    return { status: answer.status, body: await answer.text() };
  }

  /** A request to the admin API, as the admin. */
  admin(
    path: string,
    { headers, ...init }: Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const credentials = Buffer.from(`admin:${this.platform.password}`).toString('base64');
    return fetch(`${this.platform.url}${path}`, { ...init, headers: { authorization: `Basic ${credentials}`, ...headers } });
  }
}

/** Answers with that text, whatever it is asked. */
export function says(text: string): Uint8Array<ArrayBuffer> {
  return wasm({
    extra: `(data (memory $memory) (i32.const 4096) "${text}")`,
    enter: `(call $answer (i32.const 4096) (i32.const ${Buffer.byteLength(text)})) (i32.const 0)`,
  });
}

export const ECHO = wasm({ enter: '(call $answer (call $in) (call $length)) (i32.const 0)' });
export const TRAPS = wasm({ enter: '(unreachable)' });
/** Refused at deploy: its init hook fails. */
export const BAD_INIT = wasm({ init: '(i32.const 7)', enter: '(i32.const 0)' });
/** Logs its input. */
export const LOGS = wasm({
  imports: '(import "weft" "log" (func $log (param i32 i32 i32)))',
  enter: '(call $log (i32.const 1) (call $in) (call $length)) (call $answer (i32.const 0) (i32.const 0)) (i32.const 0)',
});
/** Answers after so many milliseconds. */
export function sleeps(ms: number, text: string): Uint8Array<ArrayBuffer> {
  return wasm({
    imports: '(import "weft" "sleep" (func $sleep (param f64) (result i32)))',
    extra: `(data (memory $memory) (i32.const 4096) "${text}")`,
    enter: `(drop (call $sleep (f64.const ${ms}))) (call $answer (i32.const 4096) (i32.const ${text.length})) (i32.const 0)`,
  });
}

export function wasm(text: Parameters<typeof guest>[0]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(guest(text));
}
