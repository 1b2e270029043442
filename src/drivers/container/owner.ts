/**
 * Whose a container or folder is: the process and thread that made it. A platform that starts removes what a dead one left, and
 * never what belongs to one that lives, on this machine or on another that uses the same engine.
 */
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { locks, threadId } from 'node:worker_threads';

/** Made once for each engine thread. */
export class Owner {
  /** Tells this machine from others that use the same engine. */
  readonly machine: string;
  /** Boot, process namespace, process, its start, thread. */
  readonly tag: string;
  #leave: (() => void) | undefined;

  private constructor(machine: string, life: readonly string[]) {
    this.machine = machine;
    this.tag = [...life, threadId].join('-');
  }

  static async create(): Promise<Owner> {
    const owner = new Owner(await machineId(), await lifeOfProcess());
    await owner.#enter();
    return owner;
  }

  /** A lock that ends with this thread, however it ends: other threads of the process see by it that this one lives. */
  #enter(): Promise<void> {
    return new Promise((resolve, reject) => {
      const held = (): Promise<void> => {
        resolve();
        return new Promise((leave) => (this.#leave = leave));
      };
      locks.request(lockOf(String(threadId)), { mode: 'shared' }, held).catch(reject);
    });
  }

  /** Whether what was made under that tag, on this machine, belongs to nobody any more; false when that cannot be known. */
  async isGone(tag: string): Promise<boolean> {
    const [boot, namespace, pid, started, thread] = this.tag.split('-');
    const [itsBoot, itsNamespace, itsPid, itsStart, itsThread] = tag.split('-');
    if (itsPid === undefined || itsStart === undefined || itsThread === undefined) return false;
    if (itsBoot !== boot) return true;
    // The numbers of another namespace say nothing here.
    if (itsNamespace !== namespace) return false;
    if (itsPid === pid && itsStart === started) return itsThread !== thread && hasLeft(itsThread);
    return (await startOf(itsPid)) !== itsStart;
  }

  close(): void {
    this.#leave?.();
  }
}

async function machineId(): Promise<string> {
  const id = await readFile('/etc/machine-id', 'utf8').catch(() => '');
  return createHash('sha256').update(`${id.trim()}\n${hostname()}`).digest('hex').slice(0, 16);
}

async function lifeOfProcess(): Promise<string[]> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown');
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return [boot.slice(0, 8), namespace.replace(/\D/g, ''), String(process.pid), (await startOf('self')) ?? '0'];
}

/** When the process started, in the kernel's ticks; nothing when there is none. A number may be used again, with another start. */
async function startOf(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Its second field may hold blanks and brackets; the start is the 20th behind it.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

async function hasLeft(thread: string): Promise<boolean> {
  return locks.request(lockOf(thread), { ifAvailable: true }, (lock) => lock !== null);
}

function lockOf(thread: string): string {
  return `weft.container-driver.${thread}`;
}
