/** Every bound that a client can reach before a function sees its request. */
export interface IngressLimits {
  /** Request line and headers together. */
  readonly headBytes: number;
  readonly requestLineBytes: number;
  readonly headers: number;
  /** Body of a request that is not for a function. */
  readonly controlBodyBytes: number;
  /** Half-received bodies of one thread together. */
  readonly pendingBodyBytes: number;
  readonly connections: number;
  /** Requests of one connection under way at once; more than one only when all are safe (RFC 9112, section 9.3.2). */
  readonly pipelined: number;
  /** From the first byte of a request to the end of its head. */
  readonly headMs: number;
  /** For a body, plus the time its bytes take at `bodyBytesPerSecond`. */
  readonly bodyMs: number;
  readonly bodyBytesPerSecond: number;
  /** A connection without a request. */
  readonly idleMs: number;
  /** A client that takes nothing of its answer. */
  readonly writeMs: number;
  /** After the last answer: how much longer, and how much more, input is thrown away so that the client can read that answer. */
  readonly lingerMs: number;
  readonly lingerBytes: number;
  /** Pieces of a control answer queued for a client that does not read (a followed log). */
  readonly controlQueueBytes: number;
  /** How often timeouts are looked for, which is also how exact they are. */
  readonly sweepMs: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const DEFAULT_INGRESS_LIMITS: IngressLimits = {
  headBytes: 32 * KiB,
  requestLineBytes: 16 * KiB,
  headers: 128,
  controlBodyBytes: 64 * MiB,
  pendingBodyBytes: 256 * MiB,
  connections: 20_000,
  pipelined: 16,
  headMs: 10_000,
  bodyMs: 30_000,
  bodyBytesPerSecond: 16 * KiB,
  idleMs: 65_000,
  writeMs: 30_000,
  lingerMs: 2_000,
  lingerBytes: 1 * MiB,
  controlQueueBytes: 4 * MiB,
  sweepMs: 250,
};
