/** What the functions of a switch (switch.ts) are put together from: its plan, its imports and types, and how to reach ledger and mailboxes. */
import { MAILBOX } from './abi.ts';
import { type Code, op } from './asm.ts';
import { outside, type Side } from './between-memories.ts';

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

/** No error: the call is to go through the host. */
export const BY_HOST = -101;

export const WORD = 4;

/** Imported functions, in the order of `imports` below. */
export const HOST_CALL = 0;
export const HOST_RESULT = 1;
export const HOST_STOPPED = 2;
export const HOST_RESET = 3;
export const HOST_STACK = 4;
export const HOST_AWAIT = 5;
export const HOST_FAILED = 6;
export const HOST_RESOLVE = 7;
export const IMPORTED_FUNCTIONS = 8;

/** Types. */
export const CALL = 0;
export const RESULT = 1;
export const UNARY = 2;
export const NOTICE = 3;
export const STACK = 4;
export const AWAIT = 5;
export const PAIR = 6;
export const RESOLVE = 7;
/** Pieces shared by all functions; `block` is the byte address of the group's ledger block. */
export const block = op.global(0);
export const place = (member: number): number[] => op.global(1 + member);
export const memoryOf = (member: number): number => 1 + member;
export const sideOf = ({ members }: SwitchPlan, member: number): Side => ({
  memory: memoryOf(member),
  base: (members[member] as SwitchMember).base,
});

export const word = (at: number): number[] => [...block, ...op.load(0, at * WORD)];
export const setWord = (at: number, value: Code): number[] => [...block, ...value, ...op.store(0, at * WORD)];
/** Two words of the ledger as one value, the first in its lower half. */
export const pair = (at: number): number[] => [...block, ...op.load64(0, at * WORD)];
export const setPair = (at: number, value: Code): number[] => [...block, ...value, ...op.store64(0, at * WORD)];
export const asPair = (first: number, second: number): bigint => (BigInt(second) << 32n) + BigInt(first >>> 0);
export const mailboxStore = (m: SwitchMember, memory: number, field: number, value: Code): number[] => [
  ...op.i32(0),
  ...value,
  ...op.store(memory, m.base + m.mailbox + field * WORD),
];

export const mailboxLoad = (m: SwitchMember, memory: number, field: number): number[] => [
  ...op.i32(0),
  ...op.load(memory, m.base + m.mailbox + field * WORD),
];

export const give = (error: number): number[] => [...op.i32(error), ...op.return];
/** Where a member's mailbox says that its answer is, into two locals; 1 when that is not wholly inside its memory. */
export function answerOf(member: SwitchMember, side: Side, pointer: number, length: number): number[] {
  return [
    ...mailboxLoad(member, side.memory, MAILBOX.outBody),
    ...op.set(pointer),
    ...mailboxLoad(member, side.memory, MAILBOX.outBodyLength),
    ...op.set(length),
    ...outside(side, op.get(pointer), op.get(length)),
  ];
}
