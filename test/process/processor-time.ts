import { readFileSync } from 'node:fs';

/** In which Linux tells processor time, on every machine. */
const TICK_MS = 10;

/** Processor time that a process has used, by itself and in the kernel. */
export function processorMs(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Its name may hold blanks; what follows does not.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK_MS;
}
