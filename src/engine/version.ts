/** One version of an app in one engine thread: its functions made ready, and the way to start requests and calls in them. */
import { performance } from 'node:perf_hooks';
import { WeftError } from '../model/errors.ts';
import type { Exchange } from '../model/exchange.ts';
import { CALL_ERROR } from './abi.ts';
import { callError, PendingCall } from './call.ts';
import { Chain } from './chain.ts';
import { type Group, GroupShape } from './group.ts';
import { DrivenFunction } from './driven-function.ts';
import type { DrivenRun } from './driven-run.ts';
import type { CallOutcome, DrivenRequest } from './driver.ts';
import { GuestFunction } from './guest-function.ts';
import type { HostImports } from './host/imports.ts';
import { HttpSink } from './http-sink.ts';
import { MAX_MEMBERS } from './ledger.ts';
import type { Peers } from './peers.ts';
import type { LogRecord } from './protocol.ts';
import type { Runtime } from './runtime.ts';

const NOTHING = new Uint8Array(0);

/** A function of a version, however it is kept apart. */
export type HostedFunction = GuestFunction | DrivenFunction;

export type Log = (fn: HostedFunction, level: LogRecord['level'], text: string) => void;

/** Who makes a call, on behalf of which request. */
interface Caller {
  readonly fn: HostedFunction;
  readonly depth: number;
  readonly deadlineAt: number;
}

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
  readonly functions: readonly HostedFunction[];
  readonly byName: ReadonlyMap<string, HostedFunction>;
  /** Requests and calls under way. */
  chains = 0;
  /** No new request may begin in it: what it holds goes, or is gone. */
  retired = false;
  /** Connections of functions that would last for ever. */
  readonly lasting = new Set<DrivenRun>();
  readonly #names: readonly Uint8Array[];
  readonly #host: HostImports;
  readonly #peers: Peers;
  #live = false;
  #whenUnused: (() => void) | undefined;

  constructor(parts: VersionParts, functions: readonly HostedFunction[]) {
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
    for (const f of this.guests) {
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
    return [...named].filter((f) => f instanceof GuestFunction && f.layout && f.contract.switchable) as GuestFunction[];
  }

  /** Says in the function's log what it, or its caller, ran into. */
  complain(fn: HostedFunction, error: WeftError): void {
    this.log(fn, 'error', `${error.code}: ${error.message}`);
  }

  /** The function whose name a function wrote. Most look it up in each request: nothing is decoded for it. */
  idOf(name: Uint8Array): number | undefined {
    const id = this.#names.findIndex((known) => same(known, name));
    return id < 0 ? undefined : id;
  }

  /** Runs an HTTP request. @throws WeftError when it cannot be admitted. */
  request(fn: HostedFunction, exchange: Exchange): void {
    if (fn instanceof DrivenFunction) {
      fn.request(this, exchange);
      return;
    }
    const now = performance.now();
    const sink = new HttpSink(exchange);
    const group = this.#admit(fn, exchange.body.length);
    const deadlineAt = now + fn.spec.limits.deadlineMs;
    const { runtime } = this;
    new Chain({ runtime, version: this, fn, group, sink, depth: 1, startedAt: now, deadlineAt, stream: exchange }, exchange).start();
  }

  /** Starts a call that `chain` makes; its outcome goes to `pending`, perhaps before this returns. */
  call(chain: Chain, id: number, body: Uint8Array, pending: PendingCall, how: 'wait' | 'parallel'): void {
    const { currentDepth, activeFunction, deadlineAt } = chain;
    this.#callFrom({ fn: activeFunction, depth: currentDepth, deadlineAt }, this.functions[id], body, pending, how);
  }

  /** A call that a driven function makes while it runs a request. */
  callByName(
    fn: HostedFunction,
    { depth, deadlineAt }: DrivenRequest,
    name: string,
    body: Uint8Array,
    answered: (outcome: CallOutcome) => void,
  ): void {
    const pending = new PendingCall();
    pending.onSettled(() => answered(pending));
    this.#callFrom({ fn, depth, deadlineAt }, this.byName.get(name), body, pending, 'wait');
  }

  #callFrom(from: Caller, target: HostedFunction | undefined, body: Uint8Array, pending: PendingCall, how: 'wait' | 'parallel'): void {
    if (!target || !this.#live) {
      pending.settle(CALL_ERROR.notFound, 404, NOTHING);
      return;
    }
    const depth = from.depth + 1;
    const limit = from.fn.spec.limits.callDepth;
    if (depth > limit) {
      this.complain(from.fn, new WeftError('WEFT_CALL_DEPTH', { limit }));
      pending.settle(CALL_ERROR.depth, 500, NOTHING);
      return;
    }
    const deadlineAt = Math.min(from.deadlineAt, performance.now() + target.spec.limits.deadlineMs);
    const movable = target instanceof GuestFunction && !target.keepsState;
    if (movable && this.#peers.offer(this, target, body, { depth, deadlineAt, how }, pending)) return;
    this.callHere(target, body, pending, { depth, deadlineAt });
  }

  /** @param crowded there is no room for it; nothing of it has run. Its caller is told so when absent. */
  callHere(
    target: HostedFunction,
    body: Uint8Array,
    pending: PendingCall,
    { depth, deadlineAt }: { readonly depth: number; readonly deadlineAt: number },
    crowded?: () => void,
  ): void {
    const { requestBytes } = target.spec.limits;
    target.counters.calls++;
    try {
      if (body.length > requestBytes) throw new WeftError('WEFT_REQUEST_TOO_LARGE', { bytes: requestBytes });
      if (target instanceof DrivenFunction) {
        target.call(this, body, pending, depth, deadlineAt);
        return;
      }
      const group = this.#admit(target, body.length);
      const input = { head: NOTHING, body, method: 'POST', path: '', query: '' };
      new Chain({ runtime: this.runtime, version: this, fn: target, group, sink: pending, depth, deadlineAt }, input).start();
    } catch (cause) {
      if (!(cause instanceof WeftError)) throw cause;
      const error = callError(cause);
      if (crowded && error === CALL_ERROR.busy) {
        target.counters.calls--; // it is counted where it runs
        crowded();
        return;
      }
      this.complain(target, cause);
      pending.settle(error, cause.entry.status, NOTHING);
    }
  }

  /** A group for one more request of the function. @throws WeftError when there may be none, or is none */
  #admit(fn: GuestFunction, inputBytes: number): Group {
    const { name, limits } = fn.spec;
    if (fn.running >= limits.concurrency) throw new WeftError('WEFT_CONCURRENCY', { name, limit: limits.concurrency });
    if (!fn.shape) throw new WeftError('WEFT_FUNCTION_NOT_FOUND', { name });
    const group = fn.shape.acquire(fn, inputBytes);
    fn.counters.started++;
    return group;
  }

  /** Functions that live in contexts. */
  get guests(): readonly GuestFunction[] {
    return this.functions.filter((f) => f instanceof GuestFunction);
  }

  /** Frees what its functions hold; none of them runs. */
  async release(): Promise<void> {
    for (const f of this.guests) f.shape?.clear();
    await Promise.all(this.functions.flatMap((f) => (f instanceof DrivenFunction ? (f.driven?.close() ?? []) : [])));
  }

  chainEnded(): void {
    if (--this.chains === 0) this.#whenUnused?.();
  }

  /** A newer version took over: contexts go as soon as no request needs them. */
  retire(done: () => void): void {
    this.retired = true;
    for (const run of this.lasting) run.endsInTime();
    const end = async (): Promise<void> => {
      this.#whenUnused = undefined;
      await this.release();
      done();
    };
    this.#whenUnused = () => void end();
    if (this.chains === 0) this.#whenUnused();
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
