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
import { CALL_ERROR, KIND_CALL, MAILBOX } from './abi.ts';
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
import { copy, copyBytes, outside, type Side } from './between-memories.ts';
import { ENTER, RESERVE } from './entries.ts';
import { BUSY, HOST, lastAt, NONE, openedAt, resultAt, runningAs, STILL_RUNNING, STOP_AT, TOUCHED } from './ledger.ts';

export interface SwitchMember {
  /** Id by which callers name the function. */
  readonly functionId: number;
  /** In ASCII. */
  readonly name: string;
  /** Where in its memory its address 0 is. */
  readonly base: number;
  /** Address of the mailbox, and of the static input area with its capacity. */
  readonly mailbox: number;
  readonly inbox: number;
  readonly inboxCapacity: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** How deep calls may nest for it to make another. */
  readonly callDepth: number;
  /** Rolled back before each call into it. */
  readonly perCall: boolean;
}

export interface SwitchPlan {
  readonly members: readonly SwitchMember[];
  readonly stacks: 'shared' | 'own';
}

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

/** No error: the call is to go through the host. */
export const BY_HOST = -101;

const WORD = 4;

/** Imported functions, in the order of `imports` below. */
const HOST_CALL = 0;
const HOST_RESULT = 1;
const HOST_STOPPED = 2;
const HOST_RESET = 3;
const HOST_STACK = 4;
const HOST_AWAIT = 5;
const HOST_FAILED = 6;
const HOST_RESOLVE = 7;
const IMPORTED_FUNCTIONS = 8;

/** Types. */
const CALL = 0;
const RESULT = 1;
const UNARY = 2;
const NOTICE = 3;
const STACK = 4;
const AWAIT = 5;
const PAIR = 6;
const RESOLVE = 7;

/** Parameters and locals of `call_i`. */
const [FN, IN, LENGTH, OUT, CAPACITY] = [0, 1, 2, 3, 4];
const [PTR, STATUS, OUT_LENGTH, OUT_PTR, COUNT, BOOKS_BEFORE, CROSSED, PROMISE] = [5, 6, 7, 8, 9, 10, 11, 12];

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

/** Pieces shared by all functions; `block` is the byte address of the group's ledger block. */
const block = op.global(0);
const place = (member: number): number[] => op.global(1 + member);
const memoryOf = (member: number): number => 1 + member;
const sideOf = ({ members }: SwitchPlan, member: number): Side => ({
  memory: memoryOf(member),
  base: (members[member] as SwitchMember).base,
});
const word = (at: number): number[] => [...block, ...op.load(0, at * WORD)];
const setWord = (at: number, value: Code): number[] => [...block, ...value, ...op.store(0, at * WORD)];
/** Two words of the ledger as one value, the first in its lower half. */
const pair = (at: number): number[] => [...block, ...op.load64(0, at * WORD)];
const setPair = (at: number, value: Code): number[] => [...block, ...value, ...op.store64(0, at * WORD)];
const asPair = (first: number, second: number): bigint => (BigInt(second) << 32n) + BigInt(first >>> 0);
const mailboxStore = (m: SwitchMember, memory: number, field: number, value: Code): number[] => [
  ...op.i32(0),
  ...value,
  ...op.store(memory, m.base + m.mailbox + field * WORD),
];
const mailboxLoad = (m: SwitchMember, memory: number, field: number): number[] => [
  ...op.i32(0),
  ...op.load(memory, m.base + m.mailbox + field * WORD),
];
const give = (error: number): number[] => [...op.i32(error), ...op.return];

function callFunction(plan: SwitchPlan, caller: number): FunctionBody {
  const toHost = [...setWord(lastAt(caller), op.i32(HOST)), ...[FN, IN, LENGTH, OUT, CAPACITY].flatMap(op.get), ...op.call(HOST_CALL)];
  const routes = plan.members.flatMap((m, callee) =>
    callee === caller
      ? []
      : [...op.get(FN), ...op.i32(m.functionId), ...op.eq, ...op.if(crossing(plan, caller, callee, [...toHost, ...op.return]))],
  );
  return { type: CALL, i32s: 5, i64s: 2, refs: 1, code: [...routes, ...toHost] };
}

function crossing(plan: SwitchPlan, i: number, j: number, fallback: Code): number[] {
  const [caller, callee] = [plan.members[i] as SwitchMember, plan.members[j] as SwitchMember];
  const refuse = (error: Code): number[] => [
    ...setWord(lastAt(i), op.i32(NONE)),
    ...mailboxStore(caller, memoryOf(i), MAILBOX.callStatus, op.i32(0)),
    ...error,
    ...op.return,
  ];
  const failed = (error: number): number[] => [...op.i32(j), ...op.i32(error), ...op.call(HOST_FAILED), ...refuse(op.i32(error))];
  const bit = 1 << j;
  return [
    ...pair(BUSY),
    ...op.tee(BOOKS_BEFORE),
    ...op.wrap,
    ...op.i32(bit),
    ...op.and,
    ...op.if(fallback),
    // What reaches a limit goes through the host, which says so. The caller is the one that runs, so that this compares the depth.
    ...op.get(BOOKS_BEFORE),
    ...op.i64(asPair(0, runningAs(i, caller.callDepth))),
    ...op.geU64,
    ...op.if(fallback),
    ...op.get(LENGTH),
    ...op.i32(callee.requestBytes),
    ...op.gtU,
    ...op.if(fallback),
    // The caller's own argument region is checked while the caller is still active: a bad pointer is its trap. The host says so.
    ...outside(sideOf(plan, i), op.get(IN), op.get(LENGTH)),
    ...op.if(fallback),
    ...(callee.perCall ? [...word(TOUCHED), ...op.i32(bit), ...op.and, ...op.if([...op.i32(j), ...op.call(HOST_RESET)])] : []),
    ...countCrossing(j, [
      ...op.call(HOST_STOPPED),
      ...op.tee(STATUS),
      ...op.i32(BY_HOST),
      ...op.eq,
      ...op.if(fallback),
      ...refuse(op.get(STATUS)),
    ]),
    // Its bit is not set yet, and the caller is the one that runs: to add is to set the bit, to name the callee, to be one deeper.
    ...setPair(BUSY, [...op.get(BOOKS_BEFORE), ...op.i64(asPair(bit, runningAs(j, 1) - runningAs(i, 0))), ...op.add64]),
    ...op.i32(CALL_ERROR.trapped),
    ...op.set(STATUS),
    ...op.block(guarded(plan, i, j)),
    ...setPair(BUSY, op.get(BOOKS_BEFORE)),
    ...op.get(STATUS),
    ...op.if([
      ...op.get(STATUS),
      ...op.i32(CALL_ERROR.trapped),
      ...op.eq,
      ...op.if([...op.i32(j), ...op.call(HOST_RESET)]),
      // A callee's own result is not an error code of ours: whatever it returned, it failed.
      ...op.get(STATUS),
      ...op.i32(0),
      0x48, // i32.lt_s: set by the switch or the host
      ...op.ifElse(refuse(op.get(STATUS)), failed(CALL_ERROR.failed)),
    ]),
    ...takeResult(plan, i, j, failed),
  ];
}

/**
 * Another crossing: the callee is touched and opened by it, and has had no result yet. One that the host is to decide about goes to
 * `stopped` instead, which finds the callee as an argument.
 */
function countCrossing(callee: number, stopped: Code): number[] {
  return [
    ...setPair(TOUCHED, [
      ...pair(TOUCHED),
      ...op.i64(asPair(1 << callee, 0)),
      ...op.or64,
      ...op.i64(asPair(0, 1)),
      ...op.add64,
      ...op.tee(CROSSED),
    ]),
    ...op.get(CROSSED),
    ...op.i64(32n),
    ...op.shrU64,
    ...op.tee(CROSSED),
    ...op.wrap,
    ...word(STOP_AT),
    ...op.geU,
    ...op.if([...op.i32(callee), ...stopped]),
    ...setPair(openedAt(callee), [...op.get(CROSSED), ...op.i64(asPair(0, NONE)), ...op.or64]),
  ];
}

/**
 * Input in, callee entered, `STATUS` set: 0 answered, > 0 the callee said it failed, < 0 an error of ours.
 * An exception that leaves the callee branches to the end with STATUS still "trapped": exceptions cross no context.
 */
function guarded(plan: SwitchPlan, i: number, j: number): number[] {
  const callee = plan.members[j] as SwitchMember;
  const [from, to] = [sideOf(plan, i), sideOf(plan, j)];
  const { memory } = to;
  return op.tryCatchAll(
    [
      ...op.get(LENGTH),
      ...op.i32(callee.inboxCapacity),
      ...op.gtU,
      ...op.ifElse(
        [
          ...op.get(LENGTH),
          ...place(j),
          ...op.i32(RESERVE),
          ...op.add,
          ...op.callIndirect(UNARY),
          ...op.tee(PTR),
          ...op.eqz,
          ...outside(to, op.get(PTR), op.get(LENGTH)),
          ...op.or,
          ...op.if([...op.i32(CALL_ERROR.noMemory), ...op.set(STATUS), ...op.br(3)]),
        ],
        [...op.i32(callee.inbox), ...op.set(PTR)],
      ),
      ...copy(to, op.get(PTR), from, op.get(IN), LENGTH),
      ...mailboxStore(callee, memory, MAILBOX.inHeadLength, op.i32(0)),
      ...mailboxStore(callee, memory, MAILBOX.inBody, op.get(PTR)),
      ...mailboxStore(callee, memory, MAILBOX.inBodyLength, op.get(LENGTH)),
      ...enter(plan, j),
    ],
    0,
  );
}

function enter(plan: SwitchPlan, j: number): number[] {
  const at = resultAt(j);
  if (plan.stacks === 'shared') {
    // The guest chooses what it returns; only zero or not reaches STATUS, as zero or one.
    return [
      ...op.i32(KIND_CALL),
      ...place(j),
      ...op.i32(ENTER),
      ...op.add,
      ...op.callIndirect(UNARY),
      ...op.eqz,
      ...op.eqz,
      ...op.set(STATUS),
    ];
  }
  return [
    ...setWord(at, op.i32(STILL_RUNNING)),
    ...place(j),
    ...op.i32(KIND_CALL),
    ...block,
    ...op.i32(at * WORD),
    ...op.add,
    ...op.call(HOST_STACK),
    ...op.set(PROMISE),
    ...word(at),
    ...op.i32(STILL_RUNNING),
    ...op.eq,
    ...op.ifElse([...op.get(PROMISE), ...op.i32(j), ...op.call(HOST_AWAIT)], [...word(at), ...op.eqz, ...op.eqz], I32),
    ...op.set(STATUS),
  ];
}

/** The callee answered: check what it says about its answer, copy as much as there is room for, give the length. */
function takeResult(plan: SwitchPlan, i: number, j: number, failed: (error: number) => number[]): number[] {
  const [from, to] = [sideOf(plan, j), sideOf(plan, i)];
  const [callee, caller] = [plan.members[j] as SwitchMember, plan.members[i] as SwitchMember];
  return [
    ...answerOf(callee, from, OUT_PTR, OUT_LENGTH),
    ...op.if(failed(CALL_ERROR.failed)),
    ...op.get(OUT_LENGTH),
    ...op.i32(callee.responseBytes),
    ...op.gtU,
    ...op.if(failed(CALL_ERROR.tooLarge)),
    ...setWord(lastAt(i), op.i32(j)),
    ...mailboxStore(caller, to.memory, MAILBOX.callStatus, mailboxLoad(callee, from.memory, MAILBOX.status)),
    ...op.get(OUT_LENGTH),
    ...op.get(CAPACITY),
    ...op.get(OUT_LENGTH),
    ...op.get(CAPACITY),
    ...op.ltU,
    ...op.select,
    ...op.set(COUNT),
    ...copy(to, op.get(OUT), from, op.get(OUT_PTR), COUNT),
    ...op.get(OUT_LENGTH),
    ...op.return,
  ];
}

/** Where a member's mailbox says that its answer is, into two locals; 1 when that is not wholly inside its memory. */
function answerOf(member: SwitchMember, side: Side, pointer: number, length: number): number[] {
  return [
    ...mailboxLoad(member, side.memory, MAILBOX.outBody),
    ...op.set(pointer),
    ...mailboxLoad(member, side.memory, MAILBOX.outBodyLength),
    ...op.set(length),
    ...outside(side, op.get(pointer), op.get(length)),
  ];
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
