/** llhttp, the parser of Node itself, in the WebAssembly form that undici carries: https://github.com/nodejs/llhttp. */
import { createRequire } from 'node:module';

export interface LlhttpCallbacks {
  wasm_on_message_begin(parser: number): number;
  wasm_on_url(parser: number, at: number, length: number): number;
  wasm_on_status(parser: number, at: number, length: number): number;
  wasm_on_header_field(parser: number, at: number, length: number): number;
  wasm_on_header_value(parser: number, at: number, length: number): number;
  wasm_on_headers_complete(parser: number, status: number, upgrade: number, keepAlive: number): number;
  wasm_on_body(parser: number, at: number, length: number): number;
  wasm_on_message_complete(parser: number): number;
}

/** The part of its exports that is used. Pointers are offsets into `memory`. */
export interface LlhttpExports {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_reset(parser: number): void;
  llhttp_execute(parser: number, at: number, length: number): number;
  llhttp_finish(parser: number): number;
  llhttp_resume(parser: number): void;
  /** Of the message that was just completed, its trailers included; 0 or 1. */
  llhttp_should_keep_alive(parser: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
  llhttp_method_name(method: number): number;
}

/** What a callback returns to stop the parser where it is, and what `llhttp_execute` returns then. */
export const PAUSED = 21;
/** Any other non-zero value fails the message. */
export const STOP = -1;
export const TYPE_REQUEST = 1;
export const TYPE_RESPONSE = 2;

let compiled: WebAssembly.Module | undefined;

export function instantiateLlhttp(callbacks: LlhttpCallbacks): LlhttpExports {
  compiled ??= new WebAssembly.Module(wasmBytes());
  const instance = new WebAssembly.Instance(compiled, { env: { ...callbacks } });
  // The module is pinned by package-lock.json; `checkExports` looks at what the cast promises.
  const exports = instance.exports as unknown as LlhttpExports;
  checkExports(instance.exports);
  return exports;
}

function wasmBytes(): Uint8Array {
  const bytes: unknown = createRequire(import.meta.url)('undici/lib/llhttp/llhttp_simd-wasm.js');
  if (!(bytes instanceof Uint8Array))
    throw new TypeError('undici/lib/llhttp/llhttp_simd-wasm.js does not export bytes; Weft needs the undici that package.json names');
  return bytes;
}

function checkExports(exports: WebAssembly.Exports): void {
  const functions = [
    'malloc',
    'llhttp_alloc',
    'llhttp_free',
    'llhttp_reset',
    'llhttp_execute',
    'llhttp_finish',
    'llhttp_resume',
    'llhttp_should_keep_alive',
    'llhttp_get_method',
    'llhttp_get_error_pos',
    'llhttp_get_error_reason',
    'llhttp_method_name',
  ];
  const missing = functions.filter((name) => typeof exports[name] !== 'function');
  if (missing.length > 0)
    throw new TypeError(`The llhttp of undici lacks ${missing.join(', ')}; Weft needs the undici that package.json names`);
}

/** Text that ends in NUL, in llhttp's memory. */
export function cString(memory: Uint8Array, at: number): string {
  if (at === 0) return '';
  return Buffer.from(memory.subarray(at, memory.indexOf(0, at))).toString('latin1');
}
