/** Names for what outlives a process that is killed, so that the next one can tell what nobody owns any more. */
import { readFileSync, readlinkSync } from 'node:fs';

/** Prefix of this process's own: `weft-<pid namespace>-<pid>-<start time>-`. A pid alone is used again, and means another elsewhere. */
export function ownPrefix(): string {
  return `weft-${pidNamespace()}-${process.pid}-${startTime(process.pid) ?? 0}-`;
}

/** Whether the name is one of a process that could have been seen from here, and is gone. */
export function isLeftover(name: string): boolean {
  const [, namespace, pid, start] = /^weft-(\d+)-(\d+)-(\d+)-/.exec(name) ?? [];
  return namespace !== undefined && namespace === pidNamespace() && startTime(Number(pid)) !== start;
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/** In ticks since the machine started; nothing when there is no such process. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Field 22; the second is the program's name, in parentheses, and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
