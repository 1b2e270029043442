/**
 * Merge groups. A shape is what a version's group looks like (members, switch module, pool of warm instances); a group is one
 * instance of it: a context for each member, linked by a switch. A function that is merged with none is a group of one.
 */
import { WeftError } from '../model/errors.ts';
import { WASM_PAGE_BYTES } from '../model/limits.ts';
import { Books } from './books.ts';
import { Context } from './context.ts';
import type { GuestFunction } from './guest-function.ts';
import type { HostImports } from './host/imports.ts';
import type { Counted } from './memory-budget.ts';
import { compileRollback, linkRollback, type RollBack } from './rollback.ts';
import type { Runtime } from './runtime.ts';
import { INITIAL_HEAP_BYTES } from './spare-stack.ts';
import { compileSwitch, type SwitchHost } from './switch.ts';
import { WarmGroups } from './warm-groups.ts';

/** To wipe so much takes as long as a time slice, and meanwhile nobody else runs: a context that grew by more goes. */
const MOST_GROWTH_BYTES = 64 * 1024 * 1024;
/** To wipe so much takes as long as to make a new group. */
const NEW_GROUP_BYTES = 4 * 1024 * 1024;
/** A group that was rolled back so many times gets code that does it faster. */
const OFTEN = 16;

export class GroupShape {
  readonly functions: readonly GuestFunction[];
  /** Contexts share one stack and are brought back by replay after a trap; or each has its own (see switch.ts). */
  readonly stacks: 'shared' | 'own';
  /** A bit for each member whose state is kept from request to request. */
  readonly keeping: number;
  /** Some member may need a spare stack. */
  readonly roomy: boolean;
  readonly runtime: Runtime;
  readonly host: HostImports;
  readonly #switch: WebAssembly.Module | undefined;
  readonly #warm = new WarmGroups<Group>();
  #rollback: WebAssembly.Module | undefined;

  constructor(runtime: Runtime, host: HostImports, functions: readonly GuestFunction[]) {
    this.runtime = runtime;
    this.host = host;
    this.functions = functions;
    this.keeping = functions.reduce((bits, f, member) => (f.keepsState ? bits | (1 << member) : bits), 0);
    this.roomy = functions.some(({ guest }) => guest.spareStack !== undefined);
    this.stacks = this.keeping === 0 ? 'shared' : 'own';
    if (functions.length > 1) this.#switch = compileSwitch(planOf(functions, this.stacks));
    functions.forEach((f, member) => {
      f.shape = this;
      f.member = member;
    });
  }

  get idle(): number {
    return this.#warm.length;
  }

  /** A warm group, or a new one, for a request with so much input. @throws WeftError WEFT_EXHAUSTED */
  acquire(root: GuestFunction, inputBytes: number): Group {
    if (this.runtime.memory.exhausted) throw new WeftError('WEFT_EXHAUSTED', { reason: this.runtime.memory.describe() });
    const warm = this.#warm.take(inputBytes, this.roomy && !root.directRuns.tried);
    if (!warm) root.counters.coldStarts++;
    const group = warm ?? this.create();
    group.inputBytes = inputBytes;
    group.fill();
    return group;
  }

  create(): Group {
    if (!this.runtime.addresses.room(this.functions.length))
      throw new WeftError('WEFT_EXHAUSTED', { reason: this.runtime.addresses.describe() });
    try {
      return new Group(this, this.#switch);
    } catch (cause) {
      if (cause instanceof WeftError || !(cause instanceof Error)) throw cause;
      if (cause instanceof RangeError) throw new WeftError('WEFT_EXHAUSTED', { reason: cause.message }, { cause });
      // The module is valid, and yet no instance can be made of it: imports of other types, data outside its memory.
      const name = this.functions.map((f) => f.name).join(', ');
      throw new WeftError('WEFT_MODULE_REFUSED', { name, reason: cause.message }, { cause });
    }
  }

  /** For a group whose functions have been initialised. Nothing where it cannot be made: it is a faster way, not the only one. */
  linkRollback(contexts: readonly Context[]): RollBack | undefined {
    try {
      this.#rollback ??= compileRollback(this.functions.map(({ guest: { base }, snapshot }) => snapshot && { base, snapshot }));
      return linkRollback(this.#rollback, contexts);
    } catch {
      return undefined; // no memory for it, or a global is not of the type that its module says
    }
  }

  put(group: Group): void {
    this.#warm.put(group);
  }

  /** @param used whether its request needed what it has grown by */
  putGrown(group: Group, used: boolean): void {
    // Where state is kept, the group that has the latest is the next.
    if (this.keeping !== 0) return this.put(group);
    this.#warm.learn(group.inputBytes, used);
    this.#warm.putGrown(group);
  }

  /** One with spare stacks. */
  putRoomy(group: Group): void {
    if (this.keeping !== 0) this.put(group);
    else this.#warm.putRoomy(group);
  }

  /** Makes n groups ready. */
  warm(count: number): void {
    while (this.#warm.length < count) this.put(this.create());
  }

  /** Frees contexts that have grown, unless they are in use or soon will be. */
  freeGrown(): void {
    if (this.functions.every(({ running }) => running === 0)) for (const group of this.#warm.takeGrown()) group.dispose();
  }

  /** Frees all contexts that no request uses. */
  clear(): void {
    for (const group of this.#warm.takeAll()) group.dispose();
  }
}

export class Group implements Counted {
  readonly shape: GroupShape;
  readonly contexts: readonly Context[];
  readonly books: Books;
  countedBytes = 0;
  /** Of its request. */
  inputBytes = 0;
  /** Its contexts run on their spare stacks, where they have such. */
  #onSpareStacks = false;
  /** What was wiped so far though its request had not asked for it. */
  #wipedInVain = 0;
  #abandoned = false;
  #filled = false;
  #rollBack: RollBack | undefined;
  #untilLinked = OFTEN;

  constructor(shape: GroupShape, switchModule: WebAssembly.Module | undefined) {
    const { runtime, functions } = shape;
    const memories = functions.map(createMemory);
    const places = functions.map(() => runtime.entries.allocate());
    this.shape = shape;
    this.books = new Books(runtime.ledger, functions.length);
    try {
      const link = switchModule && this.#link(switchModule, memories, places);
      this.contexts = functions.map((f, i) => {
        const memory = memories[i] as WebAssembly.Memory;
        return new Context(runtime.entries, f.guest, memory, shape.host.importsFor(memory, link, i), places[i] as number);
      });
    } catch (cause) {
      for (const place of places) runtime.entries.release(place);
      this.books.release();
      throw cause;
    }
    for (const f of functions) f.counters.contextsLive++;
    for (const memory of memories) runtime.addresses.track(memory);
    runtime.memory.count(this);
  }

  #link(module: WebAssembly.Module, memories: readonly WebAssembly.Memory[], places: readonly number[]): WebAssembly.Exports {
    const { runtime, host } = this.shape;
    const context: Record<string, unknown> = {};
    memories.forEach((memory, i) => (context[`memory${i}`] = memory));
    places.forEach((place, i) => (context[`place${i}`] = place));
    const hostImports: SwitchHost = host.forSwitch;
    const engine = { table: runtime.entries.table, ledger: runtime.ledger.memory, block: this.books.block * 4 };
    return new WebAssembly.Instance(module, { host: { ...hostImports }, engine, context }).exports;
  }

  /** What the contexts take of the machine's memory; pages that were never written are not there. */
  get usedBytes(): number {
    if (this.#abandoned) return 0;
    let bytes = 0;
    for (let i = 0; i < this.contexts.length; i++) {
      const snapshot = this.shape.functions[i]?.snapshot;
      const context = this.contexts[i] as Context;
      bytes += context.bytes.length - (context.spareStack?.addedBytes ?? 0) + (snapshot ? snapshot.dataBytes - snapshot.byteLength : 0);
    }
    return bytes;
  }

  /** Brings new contexts to their snapshots. Not before the first request: until then they take next to no memory. */
  fill(): void {
    if (this.#filled) return;
    this.#filled = true;
    this.contexts.forEach((context, i) => this.shape.functions[i]?.snapshot?.fill(context));
  }

  /** Its request is being ended for want of memory: what it takes is as good as free, or all others that wait would be ended as well. */
  abandon(): void {
    this.#abandoned = true;
    this.shape.runtime.memory.count(this);
  }

  /** Before code runs that cannot start over. False: there is no memory for it. */
  useSpareStacks(): boolean {
    if (!this.shape.roomy) return true;
    this.#onSpareStacks = true;
    const heapBytes = this.#initialized ? 0 : INITIAL_HEAP_BYTES;
    return this.contexts.every((context) => context.spareStack?.use(heapBytes) ?? true);
  }

  /** Erases what a member did since its snapshot; its request goes on. */
  reset(member: number): void {
    if (!this.#initialized) return;
    this.#erase(1 << member);
    // What it lay in is there, and wiped.
    if (this.#onSpareStacks) this.contexts[member]?.spareStack?.use();
  }

  /** Erases what all touched members did; those that keep state only lose it if `all` and they were in the middle of something. */
  rollBack(all: boolean): void {
    const erased = this.books.takeTouched(this.shape.keeping, all);
    if (!this.#initialized) return;
    if (erased !== 0) this.#erase(erased);
    if (this.#onSpareStacks) this.#returnSpareStacks();
  }

  /** Those that were erased have left theirs, and those that keep their state stay; on the others nothing has run. */
  #returnSpareStacks(): void {
    this.#onSpareStacks = false;
    this.contexts.forEach((context, i) => {
      if ((this.shape.keeping & (1 << i)) === 0) context.spareStack?.giveBack();
    });
  }

  get #initialized(): boolean {
    return this.shape.functions[0]?.snapshot !== undefined;
  }

  /** @param members a bit for each. */
  #erase(members: number): void {
    const { functions } = this.shape;
    if (this.#untilLinked > 0 && --this.#untilLinked === 0) this.#rollBack = this.shape.linkRollback(this.contexts);
    this.#rollBack?.(members);
    for (let member = 0; member < functions.length; member++) {
      if ((members & (1 << member)) === 0) continue;
      const { snapshot, counters } = functions[member] as GuestFunction;
      if (snapshot) (this.contexts[member] as Context).reset(snapshot, this.#rollBack !== undefined);
      counters.rollbacks++;
    }
  }

  /** Back to the pool, ready for the next request; or gone, when that is cheaper. */
  release(all: boolean): void {
    // What has not grown has been counted when it was made.
    if (this.#abandoned || this.#grown) this.#releaseGrown(all);
    else {
      this.rollBack(all);
      this.shape.put(this);
    }
  }

  #releaseGrown(all: boolean): void {
    const { memory, freeMemory } = this.shape.runtime;
    memory.count(this);
    if (!memory.plenty) freeMemory?.();
    const roomy = this.#onSpareStacks;
    const { added, inVain } = this.#growth();
    this.#wipedInVain += inVain;
    if (this.#abandoned || this.#outgrown(memory.plenty) || (this.#wipedInVain > NEW_GROUP_BYTES && this.shape.keeping === 0)) {
      this.dispose();
      return;
    }
    this.rollBack(all);
    if (roomy) this.shape.putRoomy(this);
    else this.shape.putGrown(this, added > inVain);
  }

  /** Since the snapshots, or there are none yet. */
  get #grown(): boolean {
    const { functions } = this.shape;
    for (let i = 0; i < functions.length; i++) {
      if ((this.contexts[i] as Context).bytes.length !== functions[i]?.snapshot?.byteLength) return true;
    }
    return false;
  }

  /** Bytes that are there since the snapshots, of those that are to be wiped now; and how many of them an earlier request added and this one did not want. */
  #growth(): { added: number; inVain: number } {
    const wiped = this.books.touched & ~this.shape.keeping;
    let [added, inVain] = [0, 0];
    this.contexts.forEach((context, i) => {
      const snapshot = this.shape.functions[i]?.snapshot;
      if (!snapshot || (wiped & (1 << i)) === 0) return;
      added += context.bytes.length - snapshot.byteLength;
      inVain += context.growth.unclaimedBytes;
    });
    return { added, inVain };
  }

  #outgrown(plenty: boolean): boolean {
    return this.contexts.some((context, i) => {
      const { snapshot, keepsState } = this.shape.functions[i] as GuestFunction;
      if (!snapshot || keepsState) return false;
      // A function with an allocator of its own does not know of what this one added, and would add as much again each time, up to its limit.
      const most = plenty && !context.growth.byItself ? MOST_GROWTH_BYTES : 0;
      return context.bytes.length - snapshot.byteLength > most;
    });
  }

  dispose(): void {
    const { runtime, functions } = this.shape;
    for (const context of this.contexts) context.dispose();
    runtime.memory.release(this);
    for (const f of functions) f.counters.contextsLive--;
    this.books.release();
  }
}

/** As large as the function left it at its initialisation. */
function createMemory({ guest, snapshot, spec }: GuestFunction): WebAssembly.Memory {
  const initial = snapshot ? (guest.base + snapshot.byteLength) / WASM_PAGE_BYTES : guest.initialPages;
  return new WebAssembly.Memory({ initial, maximum: Math.floor(spec.limits.memoryBytes / WASM_PAGE_BYTES) });
}

function planOf(functions: readonly GuestFunction[], stacks: 'shared' | 'own'): Parameters<typeof compileSwitch>[0] {
  return {
    stacks,
    members: functions.map((f) => {
      if (!f.layout) throw new TypeError(`${f.name} has no mailbox to switch through`);
      const { requestBytes, responseBytes, callDepth } = f.spec.limits;
      return {
        functionId: f.id,
        name: f.name,
        requestBytes,
        responseBytes,
        callDepth,
        perCall: f.spec.rollback === 'call',
        base: f.guest.base,
        ...f.layout,
      };
    }),
  };
}
