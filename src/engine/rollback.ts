/**
 * Rollback: a generated module for each shape of a group, that brings the memories and globals of its contexts back to their snapshots in
 * one call. From JavaScript (`Snapshot.restore`, which does the same) each global and each stretch of memory costs a call of its own, 30 to
 * 45 ns; that is as much as wiping 3 KiB. To make it costs as much as thousands of rollbacks, so it is made for groups that are used again.
 */
import { assemble, type Code, exportFunction, functionType, I32, importMemory, importMutableGlobal, op } from './asm.ts';
import type { Restorable, Snapshot } from './snapshot.ts';

/** Takes a bit for each member. `Snapshot.restoreRest` does what is left. */
export type RollBack = (members: number) => void;

export interface Restored {
  /** Where in its memory its address 0 is. */
  readonly base: number;
  readonly snapshot: Snapshot;
}

/** Of which a rollback is linked: a context. */
export interface Linkable extends Restorable {
  readonly memory: WebAssembly.Memory;
}

const MEMBERS = 0;

/** @param members those without a snapshot are left alone */
export function compileRollback(members: readonly (Restored | undefined)[]): WebAssembly.Module {
  const globals = members.flatMap((m, k) => integersOf(m).map(({ index, value }) => ({ member: k, index, value })));
  const code = members.flatMap((member, k) => {
    if (!member) return [];
    const own = globals.flatMap(({ member: of, value }, g) => (of === k ? [...op.i32(value), ...op.setGlobal(g)] : []));
    return [...op.get(MEMBERS), ...op.i32(1 << k), ...op.and, ...op.if([...wipe(member, k), ...own])];
  });
  return new WebAssembly.Module(
    assemble({
      types: [functionType([I32], [])],
      imports: [
        ...members.map((_, k) => importMemory('memory', String(k))),
        ...globals.map(({ member, index }) => importMutableGlobal('global', `${member}.${index}`)),
      ],
      functions: [{ type: 0, i32s: 0, code }],
      exports: [exportFunction('rollBack', 0)],
    }),
  );
}

/** @throws WebAssembly.LinkError when a global is not of the type that the module's maker said */
export function linkRollback(module: WebAssembly.Module, contexts: readonly Linkable[]): RollBack {
  const memory: Record<string, WebAssembly.Memory> = {};
  const global: Record<string, WebAssembly.Global> = {};
  contexts.forEach((context, k) => {
    memory[k] = context.memory;
    context.globals.forEach((each, i) => (global[`${k}.${i}`] = each));
  });
  return new WebAssembly.Instance(module, { memory, global }).exports['rollBack'] as RollBack; // exported above
}

function integersOf(member: Restored | undefined): { index: number; value: number }[] {
  return member?.snapshot.integers.flatMap((value, index) => (value === undefined ? [] : [{ index, value }])) ?? [];
}

function wipe({ base, snapshot: { runs, words, byteLength } }: Restored, memory: number): number[] {
  const zeros = runs.flatMap(({ start, end, data }) => (data ? [] : op.fill(memory, op.i32(base + start), op.i32(end - start))));
  const values = words.flatMap(({ at, value }) => [...op.i32(0), ...op.i32(value), ...op.store(memory, base + at)]);
  return [...wipeAdded(memory, base + byteLength), ...zeros, ...values];
}

/** Pages that were added since. */
function wipeAdded(memory: number, end: number): number[] {
  const size = [...op.memorySize(memory), ...op.i32(16), ...op.shl];
  const added: Code = [...size, ...op.i32(end), ...op.sub];
  return [...size, ...op.i32(end), ...op.gtU, ...op.if(op.fill(memory, op.i32(end), added))];
}
