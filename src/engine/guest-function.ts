/** A deployed function in one engine thread: its module, its snapshot, and what is counted about it. */
import type { FunctionSettings } from '../model/app.ts';
import type { Contract } from './contract.ts';
import { DirectRuns } from './direct-runs.ts';
import type { GuestModule } from './guest-module.ts';
import { FunctionCounters } from './metrics.ts';
import type { GroupShape } from './group.ts';
import type { Snapshot } from './snapshot.ts';

/** Where a function's mailbox and input area lie; the same in all its contexts. */
export interface MailboxLayout {
  readonly mailbox: number;
  readonly inbox: number;
  readonly inboxCapacity: number;
}

export class GuestFunction {
  readonly id: number;
  readonly spec: FunctionSettings;
  guest: GuestModule;
  readonly contract: Contract;
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly counters = new FunctionCounters();
  readonly directRuns = new DirectRuns();
  /** Requests and calls that run or wait. */
  running = 0;
  lastUsed = performance.now();

  /** Set once, when the version is made ready. */
  snapshot: Snapshot | undefined;
  layout: MailboxLayout | undefined;
  shape: GroupShape | undefined;
  /** Place within the shape. */
  member = 0;

  constructor(id: number, spec: FunctionSettings, guest: GuestModule, contract: Contract, files: Readonly<Record<string, Uint8Array>>) {
    this.id = id;
    this.spec = spec;
    this.guest = guest;
    this.contract = contract;
    this.files = files;
  }

  /** Its initialisation has left something there: that is its stack from now on. */
  stayOnSpareStack(): void {
    this.guest = { ...this.guest, spareStack: undefined };
  }

  get name(): string {
    return this.spec.name;
  }

  get keepsState(): boolean {
    return this.spec.rollback === 'never';
  }
}
