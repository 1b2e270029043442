/** One version of an app in one engine thread: its functions made ready, and the way to start requests and calls in them. */
import { WeftError } from '../model/errors.ts';
import type { Exchange } from '../model/exchange.ts';
import { CALL_ERROR } from './abi.ts';
import type { PendingCall } from './call.ts';
import { callError } from './call.ts';
import { Chain } from './chain.ts';
import { type Group, GroupShape } from './group.ts';
import type { GuestFunction } from './guest-function.ts';
import type { HostImports } from './host/imports.ts';
import { HttpSink } from './http-sink.ts';
import { MAX_MEMBERS } from './ledger.ts';
import type { Peers } from './peers.ts';
import type { LogRecord } from './protocol.ts';
import type { Runtime } from './runtime.ts';

const NOTHING = new Uint8Array(0);

export type Log = (fn: GuestFunction, level: LogRecord['level'], text: string) => void;

export interface VersionParts {
  readonly app: string;
  readonly number: number;
  readonly runtime: Runtime;
  readonly host: HostImports;
  readonly log: Log;
  readonly peers: Peers;
}

export class Version {
  readonly app: string;
  readonly number: number;
  readonly runtime: Runtime;
  readonly log: Log;
  readonly functions: readonly GuestFunction[];
  readonly byName: ReadonlyMap<string, GuestFunction>;
  /** Requests and calls under way. */
  chains = 0;
  readonly #names: readonly Uint8Array[];
  readonly #host: HostImports;
  readonly #peers: Peers;
  #live = false;
  #retired: (() => void) | undefined;

  constructor(parts: VersionParts, functions: readonly GuestFunction[]) {
    this.app = parts.app;
    this.number = parts.number;
    this.runtime = parts.runtime;
    this.log = parts.log;
    this.#host = parts.host;
    this.#peers = parts.peers;
    this.functions = functions;
    this.byName = new Map(functions.map((f) => [f.name, f]));
    this.#names = functions.map((f) => Buffer.from(f.name));
  }

  /** Makes the groups; before it, functions run only to be initialised. */
  goLive(merge: readonly (readonly string[])[]): void {
    const grouped = new Set<GuestFunction>();
    for (const names of merge) {
      const members = this.#members(names).filter((f) => !grouped.has(f));
      if (members.length < 2) continue;
      for (const f of members) {
        f.shape?.clear();
        grouped.add(f);
      }
      // One at once: functions that cannot be linked are found out at deploy.
      new GroupShape(this.runtime, this.#host, members).warm(1);
    }
    for (const f of this.functions) {
      if (!grouped.has(f)) f.shape ??= new GroupShape(this.runtime, this.#host, [f]);
      f.shape?.warm(f.spec.warm);
    }
    this.#live = true;
  }

  #members(names: readonly string[]): GuestFunction[] {
    const named = new Set(names.flatMap((name) => this.byName.get(name) ?? []));
    if (named.size > MAX_MEMBERS) {
      const reason = `its merge group has ${named.size} functions, and at most ${MAX_MEMBERS} can be merged`;
      throw new WeftError('WEFT_MODULE_REFUSED', { name: names[0] ?? '', reason });
    }
    return [...named].filter((f) => f.layout && f.contract.switchable);
  }

  /** Says in the function's log what it, or its caller, ran into. */
  complain(fn: GuestFunction, error: WeftError): void {
    this.log(fn, 'error', `${error.code}: ${error.message}`);
  }

  /** The function whose name a function wrote. Most look it up in each request: nothing is decoded for it. */
  idOf(name: Uint8Array): number | undefined {
    const id = this.#names.findIndex((known) => same(known, name));
    return id < 0 ? undefined : id;
  }

  /** Runs an HTTP request. @throws WeftError when it cannot be admitted. */
  request(fn: GuestFunction, exchange: Exchange): void {
    const now = performance.now();
    const sink = new HttpSink(exchange);
    const group = this.#admit(fn);
    const deadlineAt = now + fn.spec.limits.deadlineMs;
    const { runtime } = this;
    new Chain({ runtime, version: this, fn, group, sink, depth: 1, startedAt: now, deadlineAt, stream: exchange }, exchange).start();
  }

  /** Starts a call that `chain` makes; its outcome goes to `pending`, perhaps before this returns. */
  call(chain: Chain, id: number, body: Uint8Array, pending: PendingCall, how: 'wait' | 'parallel'): void {
    const target = this.functions[id];
    if (!target || !this.#live) {
      pending.settle(CALL_ERROR.notFound, 404, NOTHING);
      return;
    }
    const depth = chain.currentDepth + 1;
    const limit = chain.activeFunction.spec.limits.callDepth;
    if (depth > limit) {
      this.complain(chain.activeFunction, new WeftError('WEFT_CALL_DEPTH', { limit }));
      pending.settle(CALL_ERROR.depth, 500, NOTHING);
      return;
    }
    const deadlineAt = Math.min(chain.deadlineAt, performance.now() + target.spec.limits.deadlineMs);
    if (!target.keepsState && this.#peers.offer(this, target, body, { depth, deadlineAt, how }, pending)) return;
    this.callHere(target, body, pending, depth, deadlineAt);
  }

  callHere(target: GuestFunction, body: Uint8Array, pending: PendingCall, depth: number, deadlineAt: number): void {
    const { requestBytes } = target.spec.limits;
    target.counters.calls++;
    try {
      if (body.length > requestBytes) throw new WeftError('WEFT_REQUEST_TOO_LARGE', { bytes: requestBytes });
      const group = this.#admit(target);
      const input = { head: NOTHING, body, method: 'POST', path: '', query: '' };
      new Chain({ runtime: this.runtime, version: this, fn: target, group, sink: pending, depth, deadlineAt }, input).start();
    } catch (cause) {
      if (!(cause instanceof WeftError)) throw cause;
      this.complain(target, cause);
      pending.settle(callError(cause), cause.entry.status, NOTHING);
    }
  }

  /** A group for one more request of the function. @throws WeftError when there may be none, or is none */
  #admit(fn: GuestFunction): Group {
    const { name, limits } = fn.spec;
    if (fn.running >= limits.concurrency) throw new WeftError('WEFT_CONCURRENCY', { name, limit: limits.concurrency });
    if (!fn.shape) throw new WeftError('WEFT_FUNCTION_NOT_FOUND', { name });
    const group = fn.shape.acquire(fn);
    fn.counters.started++;
    return group;
  }

  chainEnded(): void {
    if (--this.chains === 0) this.#retired?.();
  }

  /** A newer version took over: contexts go as soon as no request needs them. */
  retire(done: () => void): void {
    this.#retired = () => {
      this.#retired = undefined;
      for (const f of this.functions) f.shape?.clear();
      done();
    };
    if (this.chains === 0) this.#retired();
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
