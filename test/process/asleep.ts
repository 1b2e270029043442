import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOKS = 50;

/** Whether a process waits, more often than not, when somebody looks at it; one that asks in vain without a pause never does. */
export async function isMostlyAsleep(pid: number | undefined): Promise<boolean> {
  let asleep = 0;
  for (let look = 0; look < LOOKS; look++) {
    if (/^State:\tS/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) asleep++;
    await sleep(10);
  }
  return asleep > LOOKS / 2;
}
