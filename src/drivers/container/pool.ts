/**
 * Instances of one function: as many as its requests need, within its limit. Those that die are replaced when they are needed, or when
 * they were to be kept ready; one that keeps failing is tried less and less often.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Failure } from '../../engine/contract.ts';
import type { DrivenHost, DrivenRequest, STREAMED } from '../../engine/driver.ts';
import { Queue } from './queue.ts';

export type Outcome = Answer | Failure | typeof STREAMED;

export interface Instance {
  /** It takes no request any more. */
  readonly gone: boolean;
  /** Resolves when it is gone, unless by `close`: of itself, or because it cannot be trusted any more. Never rejects. */
  readonly ended: Promise<'crashed' | 'dismissed'>;
  /** @throws InstanceLost when it never saw the request: another one can run it */
  run(request: DrivenRequest): Promise<Outcome>;
  /** Ends it, gently. Never rejects. */
  close(): Promise<void>;
}

export class InstanceLost extends Error {}

export interface PoolOptions {
  readonly host: DrivenHost;
  /** At most so many. */
  readonly instances: number;
  /** Requests that one instance runs at once. */
  readonly share: number;
  /** One that runs nothing is ended after so long; 0: it stays. */
  readonly idleMs: number;
  readonly start: (signal: AbortSignal) => Promise<Instance>;
}

interface Member {
  readonly instance: Instance;
  running: number;
  idleSince: number;
  /** It was given a request. */
  used: boolean;
}

/** Who dies sooner than this has not started well. */
const EARLY_MS = 1000;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;
const SWEEPS_PER_IDLE_TIME = 4;

export class Pool {
  readonly #options: PoolOptions;
  readonly #members = new Set<Member>();
  readonly #waiting = new Queue<Member>();
  readonly #closing = new AbortController();
  /** What is starting or ending. */
  readonly #changes = new Set<Promise<void>>();
  readonly #sweep: NodeJS.Timeout | undefined;
  #starting = 0;
  /** How many are to be there even when nobody asks. */
  #ready = 0;
  /** Instances that did not start, or died at once, since one did well. */
  #failures = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { idleMs } = options;
    if (idleMs > 0) this.#sweep = setInterval(() => this.#endIdle(idleMs), Math.ceil(idleMs / SWEEPS_PER_IDLE_TIME)).unref();
  }

  /** @throws what starting an instance throws, what running in it throws, the signal's reason */
  async run(request: DrivenRequest): Promise<Outcome> {
    for (;;) {
      const { signal } = request.ending;
      signal.throwIfAborted();
      const member = this.#take() ?? (await this.#wait(signal));
      try {
        const outcome = await member.instance.run(request);
        this.#failures = 0;
        return outcome;
      } catch (cause) {
        if (!(cause instanceof InstanceLost)) throw cause;
      } finally {
        this.#release(member);
      }
    }
  }

  /** Makes so many ready, or ends all that run nothing. @throws what starting an instance throws */
  async scale(instances: number): Promise<void> {
    this.#ready = Math.min(instances, this.#options.instances);
    if (instances === 0) this.#endIdle(0);
    await Promise.all(Array.from({ length: this.#missing }, () => this.#start()));
  }

  /** Ends all of them. Nothing is run any more. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#ready = 0;
    this.#closing.abort(new Error('the function was closed'));
    for (const member of this.#members) this.#end(member);
    while (this.#changes.size > 0) await Promise.all(this.#changes);
  }

  get #missing(): number {
    return Math.max(0, this.#ready - this.#members.size - this.#starting);
  }

  /** A place in the oldest that has room: the others grow idle, and end. */
  #take(): Member | undefined {
    for (const member of this.#members) {
      if (member.instance.gone || member.running >= this.#options.share) continue;
      member.running++;
      member.used = true;
      return member;
    }
    return undefined;
  }

  #wait(signal: AbortSignal): Promise<Member> {
    const { host, instances } = this.#options;
    if (this.#members.size < instances) host.coldStart();
    const turn = this.#waiting.join(signal);
    this.#startForWaiting();
    return turn;
  }

  #release(member: Member): void {
    member.running--;
    member.idleSince = performance.now();
    this.#serve();
  }

  /** Lets those who wait have what is free. */
  #serve(): void {
    while (this.#waiting.length > 0) {
      const member = this.#take();
      if (!member) return;
      this.#waiting.give(member);
    }
  }

  /** @throws what starting an instance throws */
  #start(): Promise<void> {
    this.#starting++;
    const started = this.#startInstance();
    this.#track(started);
    return started;
  }

  async #startInstance(): Promise<void> {
    const { signal } = this.#closing;
    try {
      await delay(this.#backoff, undefined, { signal });
      const instance = await this.#options.start(signal);
      this.#starting--;
      this.#add(instance);
    } catch (cause) {
      this.#starting--;
      this.#failures++;
      // Others may yet have room for who waits; when there are none, waiting would be in vain.
      if (this.#members.size + this.#starting === 0) this.#waiting.fail(cause);
      throw cause;
    }
  }

  #add(instance: Instance): void {
    const since = performance.now();
    const member: Member = { instance, running: 0, idleSince: since, used: false };
    this.#members.add(member);
    this.#options.host.instances(1);
    void instance.ended.then((how) => {
      const ofItself = how === 'crashed' || !member.used; // or else what a request did to it
      this.#lost(member, ofItself && performance.now() - since < EARLY_MS);
    });
    if (this.#closing.signal.aborted) this.#end(member);
    else this.#serve();
  }

  #lost(member: Member, early: boolean): void {
    if (!this.#members.has(member)) return;
    if (early) this.#failures++;
    this.#end(member);
    this.#startForWaiting();
    this.#restart();
  }

  /** Keeps as many as are to be ready. */
  #restart(): void {
    for (let missing = this.#missing; missing > 0; missing--) void this.#start().catch(() => this.#restart());
  }

  #startForWaiting(): void {
    const { share, instances } = this.#options;
    const wanted = Math.ceil(this.#waiting.length / share) - this.#starting;
    const room = instances - this.#members.size - this.#starting;
    for (let i = Math.min(wanted, room); i > 0; i--) void this.#start().catch(() => {}); // who waits is told
  }

  #end(member: Member): void {
    if (!this.#members.delete(member)) return;
    this.#track(member.instance.close().finally(() => this.#options.host.instances(-1)));
  }

  #endIdle(idleMs: number): void {
    const now = performance.now();
    for (const member of this.#members) if (member.running === 0 && now - member.idleSince >= idleMs) this.#end(member);
  }

  get #backoff(): number {
    return this.#failures === 0 ? 0 : Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (this.#failures - 1));
  }

  #track(change: Promise<void>): void {
    const done = change
      .catch(() => {}) // whoever asked for it is told
      .finally(() => this.#changes.delete(done));
    this.#changes.add(done);
  }
}
