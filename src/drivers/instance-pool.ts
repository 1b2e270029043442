/**
 * The instances of a function in this thread: made when requests need them, up to a limit; requests beyond wait in the order they
 * came. One that ends is replaced when it is needed, with growing pauses while none comes up; one too many is ended when it has been idle.
 */
import type { Ending } from '../engine/ending.ts';
import { WeftError } from '../model/errors.ts';
import { BackOff } from './back-off.ts';

/** An instance that ends on its own sooner than this, without having been of use, counts as one that did not come up. */
const SETTLED_MS = 1_000;
const SWEEPS_PER_IDLE_TIME = 4;

export interface Instance {
  /** Resolves when another may take its place: it has ended, for whatever reason, or is of no use and about to be ended. Never rejects. */
  readonly gone: Promise<void>;
  /** Whether it can take another request. */
  readonly usable: boolean;
  /** Ends it in an orderly way, if it has not ended; resolves when nothing of it is left. May be called again. */
  end(): Promise<void>;
}

export interface PoolOptions<I extends Instance> {
  readonly name: string;
  /** Instances at once. */
  readonly most: number;
  /** Requests that one instance takes at once. */
  readonly each: number;
  /** One that runs nothing for so long is ended, unless it was asked for; 0: it stays. */
  readonly idleMs: number;
  /** Gives up when the signal is aborted. @throws WeftError */
  readonly start: (closing: AbortSignal) => Promise<I>;
  readonly instances: (change: 1 | -1) => void;
  readonly coldStart: () => void;
  readonly warn: (text: string) => void;
}

interface Member<I> {
  readonly instance: I;
  readonly since: number;
  load: number;
  /** Sweeps since it ran something: a look at the clock would cost each request more than all else that is done here. */
  idleSweeps: number;
  served: boolean;
  /** That it goes is no surprise: we end it, or have found out already that it is of no use. */
  ending: boolean;
}

/** A request that has no instance yet. */
interface Waiter<I> {
  readonly use: (lease: Lease<I>) => void;
  readonly refuse: (reason: WeftError) => void;
}

/** An instance for one request. */
export interface Lease<I> {
  readonly instance: I;
  /** `lost`: it is gone, or going, and never saw the request. */
  readonly release: (lost?: 'lost') => void;
}

export class InstancePool<I extends Instance> {
  readonly #options: PoolOptions<I>;
  /** The one used last is last. */
  readonly #members: Member<I>[] = [];
  readonly #waiting = new Set<Waiter<I>>();
  readonly #closing = new AbortController();
  /** What is starting or ending. */
  readonly #changes = new Set<Promise<void>>();
  readonly #sweep: NodeJS.Timeout | undefined;
  #starting = 0;
  /** So many are kept alive without requests. */
  #wanted = 0;
  readonly #backOff = new BackOff();
  #restart: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions<I>) {
    this.#options = options;
    const { idleMs } = options;
    if (idleMs > 0) this.#sweep = setInterval(() => this.#endIdle(), Math.ceil(idleMs / SWEEPS_PER_IDLE_TIME)).unref();
  }

  /** Calls one of both, once, perhaps before it returns; `refuse` with WEFT_START_FAILED and others, or the reason of the ending. */
  acquire(ending: Ending, use: (lease: Lease<I>) => void, refuse: (reason: WeftError) => void): void {
    if (ending.reason) {
      refuse(ending.reason);
      return;
    }
    const free = this.#free();
    if (free && this.#waiting.size === 0) {
      use(this.#lend(free));
      return;
    }
    if (this.#closed) {
      refuse(this.#closedError());
      return;
    }
    const started = this.#startFor(this.#waiting.size + 1);
    if (this.#members.length === 0 && this.#starting === 0) {
      refuse(this.#reason());
      return;
    }
    if (started) this.#options.coldStart();
    this.#wait(ending, use, refuse);
  }

  /** Makes so many ready; 0 ends those that no request uses. @throws WeftError */
  async scale(instances: number): Promise<void> {
    this.#wanted = Math.min(instances, this.#options.most);
    if (this.#wanted === 0) {
      clearTimeout(this.#restart);
      await Promise.all(this.#members.filter(({ load }) => load === 0).map((member) => this.#end(member)));
      return;
    }
    const lacking = this.#wanted - this.#members.length - this.#starting;
    const starts = await Promise.allSettled(Array.from({ length: Math.max(0, lacking) }, () => this.#start()));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  }

  /** Resolves when nothing is left of any instance, those that were starting included. */
  async close(): Promise<void> {
    this.#closing.abort(this.#closedError());
    clearTimeout(this.#restart);
    clearInterval(this.#sweep);
    this.#refuseAll(this.#closedError());
    for (const member of this.#members) void this.#end(member);
    while (this.#changes.size > 0) await Promise.all(this.#changes);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Why there is no instance. */
  #reason(): WeftError {
    return (this.#closed ? undefined : this.#backOff.failure) ?? this.#closedError();
  }

  #closedError(): WeftError {
    return new WeftError('WEFT_FUNCTION_CRASHED', { name: this.#options.name, reason: 'it is being stopped' });
  }

  /** Of one request at a time the one used last, whose memory is still in the caches; else the one with least to do. */
  #free(): Member<I> | undefined {
    let best: Member<I> | undefined;
    for (let at = this.#members.length - 1; at >= 0; at--) {
      const member = this.#members[at];
      if (!member || member.ending || member.load >= this.#options.each || !member.instance.usable) continue;
      if (member.load === 0) return member;
      if (!best || member.load < best.load) best = member;
    }
    return best;
  }

  #lend(member: Member<I>): Lease<I> {
    member.load += 1;
    let held = true;
    return {
      instance: member.instance,
      release: (lost) => {
        if (!held) return;
        held = false;
        this.#release(member, lost);
      },
    };
  }

  #release(member: Member<I>, lost: 'lost' | undefined): void {
    member.load -= 1;
    member.idleSweeps = 0;
    if (lost) {
      if (isUseless(member)) this.#didNotComeUp('it was up, and took no request');
      member.ending = true;
    } else {
      member.served = true;
      this.#backOff.succeeded();
    }
    const at = this.#members.indexOf(member);
    if (at >= 0 && at < this.#members.length - 1) this.#members.push(...this.#members.splice(at, 1));
    this.#serve();
  }

  #wait(ending: Ending, use: (lease: Lease<I>) => void, refuse: (reason: WeftError) => void): void {
    const waiter: Waiter<I> = {
      use: (lease) => {
        ending.onEnded = undefined;
        use(lease);
      },
      refuse: (reason) => {
        ending.onEnded = undefined;
        refuse(reason);
      },
    };
    ending.onEnded = (reason) => {
      this.#waiting.delete(waiter);
      refuse(reason);
    };
    this.#waiting.add(waiter);
  }

  #refuseAll(reason: WeftError): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { refuse } of waiting) refuse(reason);
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      const free = this.#free();
      if (!free) return;
      this.#waiting.delete(waiter);
      waiter.use(this.#lend(free));
    }
  }

  /** Starts what so many requests without an instance need, if that may be now. */
  #startFor(requests: number): boolean {
    if (this.#closed || this.#backOff.leftMs > 0) return false;
    const { each, most } = this.#options;
    const wanted = Math.max(1, Math.ceil(requests / each)) - this.#starting;
    const needed = Math.min(wanted, most - this.#members.length - this.#starting);
    for (let n = 0; n < needed; n++) this.#start().catch(() => {}); // those who wait are told
    return needed > 0;
  }

  /** @throws WeftError */
  #start(): Promise<void> {
    const started = this.#startOne();
    this.#track(started);
    return started;
  }

  async #startOne(): Promise<void> {
    this.#starting += 1;
    try {
      this.#add(await this.#options.start(this.#closing.signal));
    } catch (cause) {
      this.#starting -= 1;
      throw this.#closed ? this.#closedError() : this.#failed(cause);
    }
  }

  #add(instance: I): void {
    this.#starting -= 1;
    const member: Member<I> = { instance, since: performance.now(), load: 0, idleSweeps: 0, served: false, ending: false };
    this.#members.push(member);
    this.#options.instances(1);
    void instance.gone.then(() => this.#gone(member));
    if (this.#closed) void this.#end(member);
    else this.#serve();
  }

  #failed(cause: unknown): WeftError {
    const { name } = this.#options;
    const error = cause instanceof WeftError ? cause : new WeftError('WEFT_START_FAILED', { name, reason: String(cause) }, { cause });
    this.#backOff.failed(error);
    this.#options.warn(error.message);
    if (this.#members.length === 0 && this.#starting === 0) this.#refuseAll(error);
    this.#keepWanted();
    return error;
  }

  #didNotComeUp(reason: string): void {
    this.#backOff.failed(new WeftError('WEFT_START_FAILED', { name: this.#options.name, reason }));
  }

  #gone(member: Member<I>): void {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
    this.#options.instances(-1);
    if (!this.#closed && isUseless(member)) this.#didNotComeUp('it ended as soon as it was up');
    void this.#end(member);
    if (this.#closed) return;
    // Also for those who came while the last ones were being ended: they had to wait for this place.
    if (this.#waiting.size > 0) this.#startFor(this.#waiting.size);
    if (this.#members.length === 0 && this.#starting === 0) this.#refuseAll(this.#reason());
    this.#keepWanted();
  }

  /** Replaces what is gone without a request having asked for it, when the pause is over. */
  #keepWanted(): void {
    clearTimeout(this.#restart);
    if (this.#closed || this.#members.length + this.#starting >= this.#wanted) return;
    this.#restart = setTimeout(() => {
      if (this.#members.length + this.#starting < this.#wanted)
        this.#start().then(
          () => this.#keepWanted(),
          () => {},
        ); // tried again after the next pause
    }, this.#backOff.leftMs).unref();
  }

  /** Those idle longest come first. */
  #endIdle(): void {
    const staying = this.#members.filter(({ ending }) => !ending);
    for (const member of staying) member.idleSweeps += member.load === 0 ? 1 : 0;
    // The first may have come right after its last request.
    const idle = staying.filter(({ load, idleSweeps }) => load === 0 && idleSweeps > SWEEPS_PER_IDLE_TIME);
    const spare = staying.length - this.#wanted;
    for (const member of idle.slice(0, Math.max(0, spare))) void this.#end(member);
  }

  #end(member: Member<I>): Promise<void> {
    member.ending = true;
    const ended = member.instance.end();
    this.#track(ended);
    return ended;
  }

  #track(change: Promise<void>): void {
    const done = change
      .catch(() => {}) // whoever asked for it is told
      .finally(() => this.#changes.delete(done));
    this.#changes.add(done);
  }
}

/** One that ends in the middle of a request may have been ended by that. */
function isUseless({ ending, served, load, since }: Member<Instance>): boolean {
  return !ending && !served && load === 0 && performance.now() - since < SETTLED_MS;
}
