/** Writes the code section again: with interrupt checks, and with functions renumbered. */
import type { Access, Body } from './body.ts';
import { BULK, OP, VOID } from './instructions.ts';
import { movedOffset } from './placement.ts';
import { type StackChecks, stackCheck } from './stack-checks.ts';
import { Writer } from './writer.ts';

export interface CodePlan {
  readonly bytes: Uint8Array;
  readonly bodies: readonly Body[];
  /** The index of a function in the new module. */
  readonly renumber: (index: number) => number;
  /** Functions, counted without the imported ones, that begin with a check; absent: no checks at all. */
  readonly entries: ReadonlySet<number> | undefined;
  /** The index of the import to call when the interrupt word is set. */
  readonly interrupt: number;
  /** Bodies of new functions, put behind the others. */
  readonly added: readonly Uint8Array[];
  readonly moved: Moved | undefined;
  readonly stack: StackChecks | undefined;
}

/** Addresses are moved (placement.ts). */
export interface Moved {
  readonly base: number;
  /** The functions to call in place of the instructions. */
  readonly copy: number;
  readonly fill: number;
}

export interface Code {
  readonly section: Uint8Array;
  /** For each function, counted without the imported ones, where its checks branch: offsets into its body. */
  readonly branches: ReadonlyMap<number, readonly number[]>;
}

/** Alignment of 4 bytes, and the flag that says that the memory's index follows. */
const ALIGNED_IN_MEMORY = 0x42;
const CONTROL_MEMORY = 1;
const LOAD_INTERRUPT_WORD = [OP.i32Const, 0, OP.i32Load, ALIGNED_IN_MEMORY, CONTROL_MEMORY, 0];

export function writeCode(plan: CodePlan): Code {
  const slowPath = new Writer().byte(OP.if).byte(VOID).byte(OP.call).u32(plan.interrupt);
  slowPath.put([OP.if, VOID, OP.unreachable, OP.end, OP.end]);
  const check = { load: LOAD_INTERRUPT_WORD, slowPath: slowPath.view() };
  const out = new Writer(plan.bytes.length);
  const branches = new Map<number, number[]>();
  out.u32(plan.bodies.length + plan.added.length);
  plan.bodies.forEach((body, fn) => {
    const written = writeBody(plan, check, body, fn);
    out.sized(written.body);
    if (written.branches.length > 0) branches.set(fn, written.branches);
  });
  for (const body of plan.added) out.sized(body);
  return { section: out.view(), branches };
}

interface Check {
  readonly load: readonly number[];
  readonly slowPath: Uint8Array;
}

function writeBody(plan: CodePlan, check: Check, body: Body, fn: number): { body: Uint8Array; branches: number[] } {
  const { bytes, entries } = plan;
  const out = new Writer(body.end - body.start + 64);
  const branches: number[] = [];
  const insertCheck = (): void => {
    out.put(check.load);
    branches.push(out.length);
    out.put(check.slowPath);
  };
  out.put(bytes.subarray(body.start, body.code));
  if (entries?.has(fn)) insertCheck();
  const taken = plan.stack?.entered.get(fn);
  if (plan.stack && taken !== undefined) out.put(stackCheck(plan.stack, taken));
  let copied = body.code;
  for (const edit of body.edits) {
    if (edit.kind === 'loop') {
      if (!entries) continue;
      out.put(bytes.subarray(copied, edit.end));
      insertCheck();
    } else if (edit.kind === 'pointer-set') {
      out.put(bytes.subarray(copied, edit.end));
      if (plan.stack?.moving.has(fn)) out.put(stackCheck(plan.stack, 0));
    } else {
      out.put(bytes.subarray(copied, edit.start));
      if (edit.kind === 'function') out.u32(plan.renumber(edit.index));
      else if (edit.kind !== 'omit') writeAccess(out, bytes, edit, plan.moved);
    }
    copied = edit.end;
  }
  out.put(bytes.subarray(copied, body.end));
  return { body: out.view(), branches };
}

function writeAccess(out: Writer, bytes: Uint8Array, edit: Access, moved: Moved | undefined): void {
  if (!moved) out.put(bytes.subarray(edit.start, edit.end));
  else if (edit.kind === 'offset') out.u32(movedOffset(edit.offset, moved.base));
  else out.byte(OP.call).u32(edit.opcode === BULK.memoryCopy ? moved.copy : moved.fill);
}

/**
 * The custom section that tells engines which way branches hardly ever go (WebAssembly branch hinting), so that the slow
 * path of a check is kept out of the loop.
 */
export function branchHints(branches: Code['branches'], firstFunction: number): Uint8Array {
  const UNLIKELY = 0;
  const out = new Writer().name('metadata.code.branch_hint').u32(branches.size);
  for (const [fn, offsets] of branches) {
    out.u32(firstFunction + fn).u32(offsets.length);
    for (const offset of offsets) out.u32(offset).u32(1).byte(UNLIKELY);
  }
  return out.view();
}
