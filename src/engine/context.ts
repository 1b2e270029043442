/**
 * A context: one instance of a function's module with a memory of its own. Nothing else can reach that memory but the
 * engine and, for argument and result regions, a switch.
 */
import { WASM_PAGE_BYTES } from '../model/limits.ts';
import { MAILBOX, MAILBOX_WORDS } from './abi.ts';
import type { Entries } from './entries.ts';
import { ENTER, RESERVE, START } from './entries.ts';
import { Growth } from './growth.ts';
import type { GuestModule } from './guest-module.ts';
import type { GuestMemory } from './host/wasi/guest-memory.ts';
import type { WasiState } from './host/wasi/state.ts';
import type { Restorable, Snapshot } from './snapshot.ts';
import { SpareStack } from './spare-stack.ts';

const NOTHING = new Uint8Array(0);

/** @throws WebAssembly.LinkError */
function checked(mailbox: unknown, memoryBytes: number): number {
  if (
    typeof mailbox === 'number' &&
    Number.isInteger(mailbox) &&
    mailbox > 0 &&
    mailbox % 4 === 0 &&
    mailbox + 4 * MAILBOX_WORDS <= memoryBytes
  )
    return mailbox;
  throw new WebAssembly.LinkError(`weft_mailbox is ${String(mailbox)}, no address of ${MAILBOX_WORDS} words of its memory`);
}

export class Context implements Restorable {
  // The private ones first: V8 bears any number behind them, but few of them behind others (docs/decisions/2026-11-28-lasting-shapes.md).
  readonly #entries: Entries;
  readonly #base: number;
  /** What the module can reach. */
  #bytes: Uint8Array;
  #mailbox: Int32Array | undefined;
  #mailboxAddress = 0;
  #headView: Uint8Array = NOTHING;
  #bodyView: Uint8Array = NOTHING;
  readonly memory: WebAssembly.Memory;
  readonly globals: readonly WebAssembly.Global[];
  readonly growth: Growth;
  /** For code that may need more stack than it was linked with. */
  readonly spareStack: SpareStack | undefined;
  /** First of this context's places in the thread's table. */
  readonly place: number;
  readonly exports: WebAssembly.Exports;
  /** Open files, scratch folder, exit code: host state that belongs to the context and is rolled back with it. */
  wasi: WasiState | undefined;
  /** Its memory as calls of WASI read and write it. */
  guestMemory: GuestMemory | undefined;

  /** @throws RangeError when the address space or the machine's memory is used up. */
  constructor(entries: Entries, module: GuestModule, memory: WebAssembly.Memory, imports: WebAssembly.Imports, place: number) {
    const instance = new WebAssembly.Instance(module.module, imports);
    this.#entries = entries;
    this.memory = memory;
    this.exports = instance.exports;
    this.place = place;
    this.globals = module.globalNames.map((name) => this.exports[name] as WebAssembly.Global);
    this.#base = module.base;
    this.#bytes = new Uint8Array(memory.buffer, module.base);
    this.growth = new Growth(this);
    this.spareStack = module.spareStack && new SpareStack(this, this.growth, module.spareStack);
    entries.table.set(place + ENTER, this.exports['weft_enter'] ?? null);
    entries.table.set(place + RESERVE, this.exports['weft_reserve'] ?? null);
    entries.table.set(place + START, this.exports['_start'] ?? null);
    const address = this.exports['weft_mailbox'];
    if (address instanceof WebAssembly.Global) this.#mailboxAddress = checked(address.value, this.#bytes.length);
  }

  /** All memory that it can reach. A guest that grows its memory detaches the view, so it is never kept across a call. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.memory.buffer, this.#base);
    return this.#bytes;
  }

  get mailbox(): Int32Array {
    let words = this.#mailbox;
    if (words === undefined || words.length === 0) {
      words = new Int32Array(this.memory.buffer, this.#base + this.#mailboxAddress, MAILBOX_WORDS);
      this.#mailbox = words;
    }
    return words;
  }

  get mailboxAddress(): number {
    return this.#mailboxAddress;
  }

  /** Puts the next entry for `run` in place: `_initialize` and `weft_init` are run once and need no place of their own. */
  stage(exportName: string): number {
    this.#entries.table.set(this.place + START, this.exports[exportName]);
    return this.place + START;
  }

  /** They have run: the place is again that of a program's `_start`. */
  unstage(): void {
    this.#entries.table.set(this.place + START, this.exports['_start'] ?? null);
  }

  /** @param begun generated code has done its part (rollback.ts). */
  reset(snapshot: Snapshot, begun: boolean): void {
    if (begun) snapshot.restoreRest(this);
    else snapshot.restore(this);
    this.growth.reset(snapshot.byteLength);
    this.spareStack?.reset();
    this.wasi = undefined;
  }

  /** Room for `length` bytes of input; 0 when the guest has none. Guest code runs. */
  reserve(length: number): number {
    const reserve = this.exports['weft_reserve'] as (length: number) => number;
    return reserve(length) >>> 0;
  }

  /** `length` bytes more for the guest's allocator. @returns the address, 0 when there is no more */
  grow(length: number): number {
    return this.growth.take(length, this.spareStack?.at);
  }

  /** A view of guest memory, or nothing when the guest's pointer and length lie outside. */
  view(pointer: number, length: number): Uint8Array | undefined {
    return this.#viewLike(NOTHING, pointer, length);
  }

  /** Of the header lines that it answers. They mostly lie where its last ones lay: then it is the same view, which costs nothing. */
  headView(pointer: number, length: number): Uint8Array | undefined {
    const view = this.#viewLike(this.#headView, pointer, length);
    if (view) this.#headView = view;
    return view;
  }

  /** The same of the body. */
  bodyView(pointer: number, length: number): Uint8Array | undefined {
    const view = this.#viewLike(this.#bodyView, pointer, length);
    if (view) this.#bodyView = view;
    return view;
  }

  /** The given view, if it is of that place. One of memory that has grown since is detached, and of no length. */
  #viewLike(known: Uint8Array, pointer: number, length: number): Uint8Array | undefined {
    const { bytes } = this;
    const start = pointer >>> 0;
    const size = length >>> 0;
    if (start + size > bytes.length) return undefined;
    if (size === 0) return NOTHING;
    return known.length === size && known.byteOffset === bytes.byteOffset + start ? known : bytes.subarray(start, start + size);
  }

  /**
   * Whether the function has used all memory it may have. Memory may have been grown by an earlier request, so that it is there does
   * not tell; but its end has something in it once it is used.
   */
  outOfMemory(limit: number): boolean {
    if (this.#mailboxAddress !== 0 && this.mailbox[MAILBOX.outOfMemory] !== 0) return true;
    // A stack at its end is used from there on, and tells nothing.
    if (this.spareStack?.isLast) return false;
    const { bytes } = this;
    return this.memory.buffer.byteLength + WASM_PAGE_BYTES > limit && bytes.subarray(-WASM_PAGE_BYTES).some((byte) => byte !== 0);
  }

  dispose(): void {
    this.#entries.release(this.place);
  }
}
