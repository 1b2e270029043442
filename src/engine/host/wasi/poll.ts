/** `poll_oneoff`: waits for the earliest of several clocks. Everything else is in memory and ready at once. */
import type { Runtime } from '../../runtime.ts';
import { I32 } from '../../asm.ts';
import { suspending } from '../suspending.ts';
import { sleep } from '../system.ts';
import type { GuestMemory } from './guest-memory.ts';
import { CLOCK, ERRNO, type Errno, EVENT, EVENT_RECORD, MAX_SUBSCRIPTIONS, RIGHTS, SUBCLOCK_ABSTIME, SUBSCRIPTION } from './preview1.ts';
import { type WasiState, wasiOf } from './state.ts';

const NS_PER_MS = 1e6;
/** The sweep ends a request soon after its deadline; no timer need outlive it for longer. */
const PAST_DEADLINE_MS = 1000;
/** What a writable descriptor can take without waiting, as far as a guest may ask. */
const WRITABLE_BYTES = 0x1_0000;

/** One subscription, looked at: how long until it is due, and what its event says. */
interface Due {
  readonly inMs: number;
  readonly errno: Errno;
  readonly bytes: number;
}

export function pollImports(runtime: Runtime): Record<string, unknown> {
  return {
    poll_oneoff: suspending(
      runtime,
      [I32, I32, I32, I32],
      (subscriptions: number, events: number, count: number, result: number): Promise<number> => {
        const state = wasiOf(runtime);
        const { memory, chain } = state;
        const n = count >>> 0;
        if (n === 0 || n > MAX_SUBSCRIPTIONS) return soon(runtime, ERRNO.inval);
        const from = memory.region(subscriptions, n * SUBSCRIPTION.byteLength);
        const to = memory.region(events, n * EVENT_RECORD.byteLength);
        const answer = memory.region(result, 4);
        const wait = soonest(state, from, n);
        // Written before waiting: afterwards the request may be over and the memory another one's.
        memory.setU32(answer, report(state, from, n, to, wait));
        if (wait <= 0) return soon(runtime, ERRNO.success);
        return sleep(runtime, Math.min(wait, chain.deadlineAt - performance.now() + PAST_DEADLINE_MS));
      },
    ),
  };
}

/** V8 suspends whatever a suspending import returns, so even an answer at hand takes the way by which a chain is resumed. */
function soon(runtime: Runtime, errno: Errno): Promise<number> {
  return runtime.suspend((resume) => void setImmediate(resume, errno));
}

function soonest(state: WasiState, from: number, count: number): number {
  let wait = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) wait = Math.min(wait, examine(state, from + i * SUBSCRIPTION.byteLength).inMs);
  return wait;
}

/** Events of the subscriptions that are due after that wait. */
function report(state: WasiState, from: number, count: number, to: number, wait: number): number {
  const { memory } = state;
  // The regions may overlap, if the guest is so minded: it then reads back its own nonsense.
  let events = 0;
  for (let i = 0; i < count; i++) {
    const at = from + i * SUBSCRIPTION.byteLength;
    const due = examine(state, at);
    if (due.inMs <= wait)
      writeEvent(
        memory,
        to + events++ * EVENT_RECORD.byteLength,
        memory.u64(at + SUBSCRIPTION.userdata),
        memory.u8(at + SUBSCRIPTION.tag),
        due,
      );
  }
  return events;
}

function writeEvent(memory: GuestMemory, at: number, userdata: bigint, type: number, due: Due): void {
  memory.all.fill(0, at, at + EVENT_RECORD.byteLength);
  memory.setU64(at + EVENT_RECORD.userdata, userdata);
  memory.setU16(at + EVENT_RECORD.errno, due.errno);
  memory.setU8(at + EVENT_RECORD.type, type);
  memory.setU64(at + EVENT_RECORD.bytes, due.bytes);
}

function examine(state: WasiState, at: number): Due {
  const tag = state.memory.u8(at + SUBSCRIPTION.tag);
  if (tag === EVENT.clock) return examineClock(state, at);
  if (tag === EVENT.fdRead || tag === EVENT.fdWrite) return examineDescriptor(state, at, tag);
  return { inMs: 0, errno: ERRNO.inval, bytes: 0 };
}

function examineClock(state: WasiState, at: number): Due {
  const { memory } = state;
  const clock = memory.u32(at + SUBSCRIPTION.clockId);
  if (clock !== CLOCK.realtime && clock !== CLOCK.monotonic) return { inMs: 0, errno: ERRNO.inval, bytes: 0 };
  const timeout = Number(memory.u64(at + SUBSCRIPTION.timeout));
  const absolute = (memory.u16(at + SUBSCRIPTION.clockFlags) & SUBCLOCK_ABSTIME) !== 0;
  const rest = absolute ? timeout - state.now(clock) : timeout;
  return { inMs: Math.max(0, rest / NS_PER_MS), errno: ERRNO.success, bytes: 0 };
}

function examineDescriptor(state: WasiState, at: number, tag: number): Due {
  const descriptor = state.descriptors.get(state.memory.u32(at + SUBSCRIPTION.fd));
  if (!descriptor) return { inMs: 0, errno: ERRNO.badf, bytes: 0 };
  if ((descriptor.rights & RIGHTS.pollFdReadwrite) === 0) return { inMs: 0, errno: ERRNO.notcapable, bytes: 0 };
  const readable = descriptor.kind === 'stdin' || descriptor.kind === 'file' ? descriptor.available : 0;
  return { inMs: 0, errno: ERRNO.success, bytes: tag === EVENT.fdRead ? readable : WRITABLE_BYTES };
}
