/**
 * The switch: a generated module that is the only code able to see the memories of two contexts, and that touches nothing but
 * the argument and result regions (lwC's restrict and overlay, OSDI'16 §3, made by construction). No JavaScript
 * frame is on the path, so a chain of callers suspends and resumes as one.
 *
 * One module serves all pairs of a merge group. For caller i it exports `call_i`, `result_i` and `resolve_i`, which stand in for the
 * imports `weft.call`, `weft.result` and `weft.resolve` of that context. A function outside the group, or one that has frames on the stack
 * already (recursion needs a fresh context per activation), goes to the host instead.
 *
 * Two ways to enter a callee:
 *   direct    on the caller's stack. A trap unwinds the caller as well; the engine brings it back by replay (journal.ts).
 *   own stack for groups that keep state and so cannot be replayed: a trap ends the callee's stack only.
 */
import { CALL_ERROR } from './abi.ts';
import {
  assemble,
  type Code,
  EXTERNREF,
  exportFunction,
  type FunctionBody,
  functionType,
  I32,
  importFunction,
  importGlobal,
  importMemory,
  importTable,
  op,
} from './asm.ts';
import { copyBytes, outside, type Side } from './between-memories.ts';
import { callFunction } from './crossing.ts';
import { lastAt } from './ledger.ts';
import {
  answerOf,
  AWAIT,
  CALL,
  give,
  HOST_RESOLVE,
  HOST_RESULT,
  IMPORTED_FUNCTIONS,
  NOTICE,
  PAIR,
  RESOLVE,
  RESULT,
  sideOf,
  STACK,
  type SwitchPlan,
  UNARY,
  WORD,
  word,
} from './switch-code.ts';

/** Host functions a switch falls back to; all see the thread's current chain. */
export interface SwitchHost {
  readonly call: (fn: number, input: number, length: number, out: number, capacity: number) => number;
  readonly result: (destination: number, offset: number, length: number) => number;
  readonly resolve: (name: number, length: number) => number;
  /** A crossing that may not go ahead by itself: gives the error recorded for it, or BY_HOST. */
  readonly stopped: (member: number) => number;
  /** Brings a member back to its snapshot: before a call (per-call rollback), or after an exception left it in the middle. */
  readonly reset: (member: number) => void;
  /** A member has no answer for its caller: this is for its log. */
  readonly failed: (member: number, error: number) => void;
  readonly enterOnOwnStack: (place: number, kind: number, resultAddress: number) => unknown;
  readonly awaitStack: unknown;
}

export function compileSwitch(plan: SwitchPlan): WebAssembly.Module {
  const n = plan.members.length;
  const memories = plan.members.map((_, k) => importMemory('context', `memory${k}`));
  const places = plan.members.map((_, k) => importGlobal('context', `place${k}`));
  return new WebAssembly.Module(
    assemble({
      types: [
        functionType([I32, I32, I32, I32, I32], [I32]),
        functionType([I32, I32, I32], [I32]),
        functionType([I32], [I32]),
        functionType([I32], []),
        functionType([I32, I32, I32], [EXTERNREF]),
        functionType([EXTERNREF, I32], [I32]),
        functionType([I32, I32], []),
        functionType([I32, I32], [I32]),
      ],
      imports: [
        importFunction('host', 'call', CALL),
        importFunction('host', 'result', RESULT),
        importFunction('host', 'stopped', UNARY),
        importFunction('host', 'reset', NOTICE),
        importFunction('host', 'enterOnOwnStack', STACK),
        importFunction('host', 'awaitStack', AWAIT),
        importFunction('host', 'failed', PAIR),
        importFunction('host', 'resolve', RESOLVE),
        importTable('engine', 'table'),
        importMemory('engine', 'ledger'),
        ...memories,
        importGlobal('engine', 'block'),
        ...places,
      ],
      functions: plan.members.flatMap((_, i) => [callFunction(plan, i), resultFunction(plan, i), resolveFunction(plan, i)]),
      exports: Array.from({ length: n }, (_, i) => [
        exportFunction(`call_${i}`, IMPORTED_FUNCTIONS + 3 * i),
        exportFunction(`result_${i}`, IMPORTED_FUNCTIONS + 3 * i + 1),
        exportFunction(`resolve_${i}`, IMPORTED_FUNCTIONS + 3 * i + 2),
      ]).flat(),
    }),
  );
}

/** `result_i(destination, offset, length)`: bytes of the last result, from whichever context still holds it. That has not run since. */
function resultFunction(plan: SwitchPlan, i: number): FunctionBody {
  const [destination, offset, length, pointer, available] = [0, 1, 2, 3, 4];
  const fromMember = plan.members.map((member, j) =>
    j === i
      ? []
      : [
          ...word(lastAt(i)),
          ...op.i32(j),
          ...op.eq,
          ...op.if([
            ...answerOf(member, sideOf(plan, j), pointer, available),
            ...op.get(length),
            ...op.get(available),
            ...op.gtU,
            ...op.or,
            ...op.get(offset),
            ...op.get(available),
            ...op.get(length),
            ...op.sub,
            ...op.gtU,
            ...op.or,
            ...op.if(give(CALL_ERROR.tooLarge)),
            ...copyBytes(sideOf(plan, i), op.get(destination), sideOf(plan, j), [...op.get(pointer), ...op.get(offset), ...op.add], length),
            ...op.get(length),
            ...op.return,
          ]),
        ],
  );
  return {
    type: RESULT,
    i32s: 2,
    code: [...fromMember.flat(), ...op.get(destination), ...op.get(offset), ...op.get(length), ...op.call(HOST_RESULT)],
  };
}

/**
 * `resolve_i(name, length)`: memory is rolled back, so that a function asks in each request who its callee is. Members are found
 * by their names here, all others by the host.
 */
function resolveFunction(plan: SwitchPlan, i: number): FunctionBody {
  const [at, length] = [0, 1];
  const side = sideOf(plan, i);
  const toHost = [...op.get(at), ...op.get(length), ...op.call(HOST_RESOLVE), ...op.return];
  const found = plan.members.flatMap(({ name, functionId }) => [
    ...op.get(length),
    ...op.i32(name.length),
    ...op.eq,
    ...op.if([...differs(side, op.get(at), name), ...op.eqz, ...op.if(give(functionId))]),
  ]);
  return {
    type: RESOLVE,
    i32s: 0,
    code: [...outside(side, op.get(at), op.get(length)), ...op.if(toHost), ...found, ...toHost],
  };
}

/** 0 when what lies at the pointer, which is known to be inside, is that text. */
function differs({ memory, base }: Side, pointer: Code, text: string): number[] {
  const bytes = Buffer.from(text, 'latin1');
  const code = [...op.i32(0)];
  let at = 0;
  for (; at + WORD <= bytes.length; at += WORD)
    code.push(...pointer, ...op.load(memory, base + at), ...op.i32(bytes.readInt32LE(at)), ...op.xor, ...op.or);
  for (; at < bytes.length; at++)
    code.push(...pointer, ...op.load8(memory, base + at), ...op.i32(bytes[at] as number), ...op.xor, ...op.or);
  return code;
}
