/**
 * The instances of a function in this thread: made when requests need them, up to a limit; requests beyond wait in the order they
 * came. An instance that ends is replaced, with growing pauses while none comes up.
 */
import type { Ending } from '../../engine/ending.ts';
import { WeftError } from '../../model/errors.ts';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;
/** An instance that ends on its own sooner than this, without having been of use, counts as one that did not come up. */
const SETTLED_MS = 1_000;

export interface Instance {
  /** Resolves when it is gone, for whatever reason. */
  readonly gone: Promise<void>;
  /** Whether it can take another request. */
  readonly usable: boolean;
  /** Ends it in an orderly way; resolves when it is gone. */
  end(): Promise<void>;
}

export interface PoolOptions<I extends Instance> {
  readonly name: string;
  /** Instances at once. */
  readonly most: number;
  /** Requests that one instance takes at once. */
  readonly each: number;
  /** @throws WeftError */
  readonly start: () => Promise<I>;
  readonly instances: (change: 1 | -1) => void;
  readonly coldStart: () => void;
  readonly warn: (text: string) => void;
}

interface Member<I> {
  readonly instance: I;
  readonly since: number;
  load: number;
  served: boolean;
  /** We end it: that it goes is no surprise. */
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
  readonly release: () => void;
}

export class InstancePool<I extends Instance> {
  readonly #options: PoolOptions<I>;
  /** The one used last is last. */
  readonly #members: Member<I>[] = [];
  readonly #waiting = new Set<Waiter<I>>();
  #starting = 0;
  /** So many are kept alive without requests. */
  #wanted = 0;
  /** Starts that failed in a row. */
  #failures = 0;
  #failure: WeftError | undefined;
  #pausedUntil = 0;
  #restart: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: PoolOptions<I>) {
    this.#options = options;
  }

  /** Calls one of both, once, perhaps before it returns; `refuse` with WEFT_START_FAILED and others, or the reason of the ending. */
  acquire(ending: Ending, use: (lease: Lease<I>) => void, refuse: (reason: WeftError) => void): void {
    const free = this.#free();
    if (free && this.#waiting.size === 0) {
      use(this.#lend(free));
      return;
    }
    if (ending.reason) {
      refuse(ending.reason);
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

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    this.#refuseAll(this.#closedError());
    await Promise.all(this.#members.map((member) => this.#end(member)));
  }

  /** Why there is no instance. */
  #reason(): WeftError {
    return this.#closed || !this.#failure ? this.#closedError() : this.#failure;
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
    member.served = true;
    this.#failures = 0;
    let held = true;
    return {
      instance: member.instance,
      release: () => {
        if (!held) return;
        held = false;
        member.load -= 1;
        const at = this.#members.indexOf(member);
        if (at >= 0 && at < this.#members.length - 1) this.#members.push(...this.#members.splice(at, 1));
        this.#serve();
      },
    };
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
    if (this.#closed || performance.now() < this.#pausedUntil) return false;
    const { each, most } = this.#options;
    const wanted = Math.max(1, Math.ceil(requests / each)) - this.#starting;
    const needed = Math.min(wanted, most - this.#members.length - this.#starting);
    for (let n = 0; n < needed; n++) this.#start().catch(() => {}); // those who wait are told
    return needed > 0;
  }

  async #start(): Promise<void> {
    this.#starting += 1;
    try {
      this.#add(await this.#options.start());
    } catch (cause) {
      this.#starting -= 1;
      throw this.#failed(cause);
    }
  }

  #add(instance: I): void {
    this.#starting -= 1;
    const member: Member<I> = { instance, since: performance.now(), load: 0, served: false, ending: false };
    this.#members.push(member);
    this.#options.instances(1);
    void instance.gone.then(() => this.#gone(member));
    if (this.#closed) void this.#end(member);
    else this.#serve();
  }

  #failed(cause: unknown): WeftError {
    const { name } = this.#options;
    const error = cause instanceof WeftError ? cause : new WeftError('WEFT_START_FAILED', { name, reason: String(cause) }, { cause });
    this.#failure = error;
    this.#pause();
    this.#options.warn(error.message);
    if (this.#members.length === 0 && this.#starting === 0) this.#refuseAll(error);
    this.#keepWanted();
    return error;
  }

  #pause(): void {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, MAX_PAUSE_MS);
    this.#failures += 1;
    this.#pausedUntil = performance.now() + pause;
  }

  #gone(member: Member<I>): void {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
    this.#options.instances(-1);
    if (this.#closed) return;
    if (!member.ending && !member.served && performance.now() - member.since < SETTLED_MS) {
      const { name } = this.#options;
      this.#failure = new WeftError('WEFT_START_FAILED', { name, reason: 'it ended as soon as it was up' });
      this.#pause();
    }
    // Also for those who came while the last ones were being ended: they had to wait for this place.
    if (this.#waiting.size > 0) this.#startFor(this.#waiting.size);
    if (this.#members.length === 0 && this.#starting === 0) this.#refuseAll(this.#reason());
    this.#keepWanted();
  }

  /** Replaces what is gone without a request having asked for it, when the pause is over. */
  #keepWanted(): void {
    clearTimeout(this.#restart);
    if (this.#closed || this.#members.length + this.#starting >= this.#wanted) return;
    const wait = Math.max(0, this.#pausedUntil - performance.now());
    this.#restart = setTimeout(() => {
      if (this.#members.length + this.#starting < this.#wanted)
        this.#start().then(
          () => this.#keepWanted(),
          () => {},
        ); // tried again after the next pause
    }, wait).unref();
  }

  async #end(member: Member<I>): Promise<void> {
    member.ending = true;
    await member.instance.end();
  }
}
