/** Calls between functions that do not go by a switch: to another group, to a function that is on the stack already, and in parallel. */
import { CALL_ERROR, MAILBOX } from '../abi.ts';
import { I32 } from '../asm.ts';
import { PendingCall } from '../call.ts';
import type { Chain } from '../chain.ts';
import type { Runtime } from '../runtime.ts';
import type { SwitchHost } from '../switch.ts';
import { bytesAt, caller, give } from './guest.ts';
import { suspending } from './suspending.ts';

export interface CallHost {
  readonly imports: Record<string, unknown>;
  readonly forSwitch: SwitchHost;
}

export function callImports(runtime: Runtime): CallHost {
  const call = (fn: number, input: number, length: number, out: number, capacity: number): number => {
    const chain = caller(runtime);
    // Whatever becomes of the call: a result that another function of the chain got from the host is not this one's.
    chain.takeFromHost(undefined);
    const pending = begin(chain, fn, bytesAt(chain, input, length));
    if (pending.settled && !chain.waitsInVain) {
      chain.waitSpared();
      return collect(chain, pending, out, capacity);
    }
    chain.calls.expect(pending);
    return CALL_ERROR.pending;
  };
  const result = (destination: number, offset: number, length: number): number => {
    const chain = caller(runtime);
    const last = chain.lastFromHost;
    if (!last || (offset >>> 0) + (length >>> 0) > last.length) return CALL_ERROR.tooLarge;
    bytesAt(chain, destination, length).set(last.subarray(offset >>> 0, (offset >>> 0) + (length >>> 0)));
    return length;
  };
  const resolve = (name: number, length: number): number => {
    const chain = caller(runtime);
    return chain.version.idOf(bytesAt(chain, name, length)) ?? CALL_ERROR.notFound;
  };
  const awaitPending = (params: readonly number[], take: (chain: Chain, ...args: number[]) => PendingCall | undefined) =>
    suspending(runtime, params, (...args: number[]) => {
      const chain = caller(runtime);
      const [out, capacity] = args.slice(-2) as [number, number];
      const pending = take(chain, ...args);
      return runtime.suspend((resume) => {
        if (pending) pending.onSettled(() => resume(() => collect(chain, pending, out, capacity)));
        else resume(CALL_ERROR.notFound);
      });
    });

  return {
    imports: {
      call,
      result,
      resolve,
      await_call: awaitPending([I32, I32], (chain) => chain.calls.takeExpected()),
      start: (fn: number, input: number, length: number): number => {
        const chain = caller(runtime);
        const { calls } = chain;
        return calls.full ? CALL_ERROR.busy : calls.add(begin(chain, fn, bytesAt(chain, input, length), 'parallel'));
      },
      wait: awaitPending([I32, I32, I32], (chain, handle = -1) => chain.calls.take(handle)),
    },
    forSwitch: {
      call,
      result,
      resolve,
      stopped: (member) => caller(runtime).stopCrossing(member),
      reset: (member) => caller(runtime).resetMember(member),
      failed: (member, error) => caller(runtime).calleeFailed(member, error),
      enterOnOwnStack: runtime.enterOnOwnStack,
      awaitStack: new WebAssembly.Suspending((promise: Promise<number>, member: number) => awaitStack(runtime, promise, member)),
    },
  };
}

/** The callee's stack ends by itself; a trap there is an error here, and the callee's context starts anew. */
function awaitStack(runtime: Runtime, promise: Promise<number>, member: number): Promise<number> {
  const chain = caller(runtime);
  const { books } = chain.group;
  return runtime.suspendOuter(chain, (resume) => {
    promise.then(
      () => resume(books.result(member) === 0 ? 0 : 1),
      (cause: unknown) => resume(chain.calleeTrapped(member, cause)),
    );
  });
}

function begin(chain: Chain, fn: number, body: Uint8Array, how: 'wait' | 'parallel' = 'wait'): PendingCall {
  return chain.effect('call', () => {
    const pending = new PendingCall(chain.results);
    chain.version.call(chain, fn, body, pending, how);
    return pending;
  });
}

/** Hands a settled call's result to the caller: status in its mailbox, bytes where it has room, the rest kept for `result`. */
function collect(chain: Chain, pending: PendingCall, out: number, capacity: number): number {
  const { context } = chain;
  if (context.mailboxAddress !== 0) context.mailbox[MAILBOX.callStatus] = pending.error === 0 ? pending.status : 0;
  chain.takeFromHost(pending.error === 0 ? pending.body : undefined);
  if (pending.error !== 0) return pending.error;
  return give(chain, pending.body, out, capacity);
}
