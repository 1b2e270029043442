/** Limits of one function, with their defaults. Every bound a client or a function can reach is named here, unit in the name. */
export interface Limits {
  /** Linear memory of one context, bytes; a multiple of 64 KiB. */
  readonly memoryBytes: number;
  /** Wall time of one request, milliseconds. */
  readonly deadlineMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Requests of this function at once, per engine thread. */
  readonly concurrency: number;
  /** Functions on top of each other in one request. */
  readonly callDepth: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const DEFAULT_LIMITS: Limits = {
  memoryBytes: 64 * MiB,
  deadlineMs: 30_000,
  requestBytes: 10 * MiB,
  responseBytes: 10 * MiB,
  concurrency: 10_000,
  callDepth: 64,
};

export const WASM_PAGE_BYTES = 64 * KiB;
/** The most a manifest may grant. */
export const MAX_MEMORY_BYTES = 4096 * MiB - WASM_PAGE_BYTES;
/** Contexts of one function that can be asked to be ready, in all engine threads together. */
export const MAX_READY = 10_000;
/** Header lines of one answer. */
export const MAX_RESPONSE_HEAD_BYTES = 64 * KiB;
/** A function that runs longer than this without waiting lets others in. */
export const TIME_SLICE_MS = 2;
/** Contexts of an idle function are freed after this; its compiled module stays. */
export const IDLE_MS = 60_000;
