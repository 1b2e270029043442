/** `call_i` of a switch (switch.ts): the way into another member of the group and back, or to the host where that is not the way. */
import { CALL_ERROR, KIND_CALL, MAILBOX } from './abi.ts';
import { type Code, type FunctionBody, I32, op } from './asm.ts';
import { copy, outside } from './between-memories.ts';
import { ENTER, RESERVE } from './entries.ts';
import { BUSY, HOST, lastAt, NONE, openedAt, resultAt, runningAs, STILL_RUNNING, STOP_AT, TOUCHED } from './ledger.ts';
import {
  answerOf,
  asPair,
  block,
  BY_HOST,
  CALL,
  HOST_AWAIT,
  HOST_CALL,
  HOST_FAILED,
  HOST_RESET,
  HOST_STACK,
  HOST_STOPPED,
  mailboxLoad,
  mailboxStore,
  memoryOf,
  pair,
  place,
  setPair,
  setWord,
  sideOf,
  type SwitchMember,
  type SwitchPlan,
  UNARY,
  WORD,
  word,
} from './switch-code.ts';

/** Parameters and locals of `call_i`. */
const [FN, IN, LENGTH, OUT, CAPACITY] = [0, 1, 2, 3, 4];
const [PTR, STATUS, OUT_LENGTH, OUT_PTR, COUNT, BOOKS_BEFORE, CROSSED, PROMISE] = [5, 6, 7, 8, 9, 10, 11, 12];

export function callFunction(plan: SwitchPlan, caller: number): FunctionBody {
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
      // On a stack of its own it has said so already.
      ...op.if([
        ...(plan.stacks === 'shared' ? [...op.i32(j), ...op.i32(CALL_ERROR.trapped), ...op.call(HOST_FAILED)] : []),
        ...[...op.i32(j), ...op.call(HOST_RESET)],
      ]),
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
          ...reserve(plan, j),
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

/** The callee's own room for its input. */
function reserve(plan: SwitchPlan, j: number): number[] {
  const at = resultAt(j);
  if (plan.stacks === 'shared') return [...op.get(LENGTH), ...place(j), ...op.i32(RESERVE), ...op.add, ...op.callIndirect(UNARY)];
  const toTheEnd = op.br(4);
  return [
    ...startOnOwnStack(j, [...place(j), ...op.i32(RESERVE), ...op.add, ...op.get(LENGTH)]),
    ...op.if([
      ...[...op.get(PROMISE), ...op.i32(j), ...op.call(HOST_AWAIT), ...op.tee(STATUS), ...op.i32(0)],
      ...[0x48, ...op.if(toTheEnd)], // i32.lt_s: it trapped, or its time was over
      ...[...op.i32(CALL_ERROR.trapped), ...op.set(STATUS)],
    ]),
    ...word(at),
  ];
}

/** @param entry place and argument. Leaves whether it is still running. */
function startOnOwnStack(j: number, entry: Code): number[] {
  const at = resultAt(j);
  return [
    ...setWord(at, op.i32(STILL_RUNNING)),
    ...entry,
    ...[...block, ...op.i32(at * WORD), ...op.add],
    ...op.call(HOST_STACK),
    ...op.set(PROMISE),
    ...word(at),
    ...op.i32(STILL_RUNNING),
    ...op.eq,
  ];
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
    ...startOnOwnStack(j, [...place(j), ...op.i32(KIND_CALL)]),
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
