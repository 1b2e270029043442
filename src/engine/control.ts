/**
 * One page of shared memory per engine thread: the interrupt word that built modules read, and beside it what the
 * watchdog needs to know to set it. Modules import the page, but only their interrupt checks touch it.
 */

/** Read by every interrupt check; not 0: call the slow path. */
export const INTERRUPT = 0;
/** Grows each time the thread goes into a function. */
export const ENTRIES = 1;
/** 1 while a function runs on the thread. */
export const RUNNING_NOW = 2;
/** 1 while the watchdog sleeps for want of work; the thread wakes it. */
export const WATCHDOG_ASLEEP = 3;
/** Chains of the thread that used up a time slice and wait for their next: how busy it is. */
export const PREEMPTED = 4;

/** Memories of the thread's contexts, collected ones excepted. */
export const CONTEXTS = 5;

export function createControl(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
}

export const controlWords = (control: WebAssembly.Memory): Int32Array => new Int32Array(control.buffer, 0, 16);
