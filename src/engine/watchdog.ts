/**
 * The watchdog: a worker of its own, so that no busy thread can delay it. It looks at each engine thread every half slice and
 * sets the interrupt word of one that has been in the same function for a whole slice.
 * Started with workerData { controls: WebAssembly.Memory[] }; ends with its worker.
 */
import { workerData } from 'node:worker_threads';
import { TIME_SLICE_MS } from '../model/limits.ts';
import { controlWords, ENTRIES, INTERRUPT, RUNNING_NOW, WATCHDOG_ASLEEP } from './control.ts';

const TICK_MS = TIME_SLICE_MS / 2;
/** Idle for so long, the watchdog sleeps until a thread wakes it: an idle platform costs no wake-ups. */
const IDLE_TICKS = 200;

interface Watched {
  readonly words: Int32Array;
  entries: number;
  ticks: number;
}

function tick(thread: Watched): boolean {
  if (Atomics.load(thread.words, RUNNING_NOW) === 0) return false;
  const entries = Atomics.load(thread.words, ENTRIES);
  if (entries !== thread.entries) {
    thread.entries = entries;
    thread.ticks = 0;
  } else if (++thread.ticks >= TIME_SLICE_MS / TICK_MS) {
    Atomics.store(thread.words, INTERRUPT, 1);
    thread.ticks = 0;
  }
  return true;
}

function watch(controls: readonly WebAssembly.Memory[]): never {
  const threads: Watched[] = controls.map((control) => ({ words: controlWords(control), entries: -1, ticks: 0 }));
  const first = (threads[0] as Watched).words;
  let idle = 0;
  for (;;) {
    const busy = threads.map(tick).includes(true);
    idle = busy ? 0 : idle + 1;
    if (idle < IDLE_TICKS) {
      Atomics.wait(first, WATCHDOG_ASLEEP, 0, TICK_MS);
      continue;
    }
    // All threads wait on the first one's word; each wakes us through it.
    Atomics.store(first, WATCHDOG_ASLEEP, 1);
    if (!threads.some((t) => Atomics.load(t.words, RUNNING_NOW) === 1)) Atomics.wait(first, WATCHDOG_ASLEEP, 1);
    Atomics.store(first, WATCHDOG_ASLEEP, 0);
    idle = 0;
  }
}

const data: unknown = workerData;
if (data !== null && typeof data === 'object' && 'controls' in data) watch(data.controls as readonly WebAssembly.Memory[]);
