/**
 * From an app version as deployed to one that can serve: modules checked against their grants, initialised once, and
 * their state after it kept as the snapshot that all contexts start from. A failure here refuses the whole version.
 */
import { WeftError } from '../model/errors.ts';
import { MAILBOX } from './abi.ts';
import { Chain } from './chain.ts';
import type { Context } from './context.ts';
import type { Contract } from './contract.ts';
import { DrivenFunction } from './driven-function.ts';
import type { Drivers } from './driver.ts';
import { type Group, GroupShape } from './group.ts';
import { GuestFunction, type MailboxLayout } from './guest-function.ts';
import { inspect } from './guest-module.ts';
import type { AppVersion, DeployedFunction } from './protocol.ts';
import { Snapshot } from './snapshot.ts';
import { Version, type VersionParts } from './version.ts';

const NOTHING = new Uint8Array(0);

export type Contracts = Readonly<Record<string, Contract>>;

export interface PrepareParts extends Omit<VersionParts, 'app' | 'number'> {
  readonly drivers: Drivers | undefined;
}

/** @throws WeftError WEFT_MODULE_REFUSED, WEFT_INIT_FAILED, WEFT_EXHAUSTED */
export async function prepare(source: AppVersion, contracts: Contracts, parts: PrepareParts): Promise<Version> {
  const functions = source.functions.map(({ spec, module, files }, id) => {
    if (spec.isolation.kind !== 'context') return new DrivenFunction(id, spec);
    const contract = contracts[spec.contract];
    if (!contract) throw new WeftError('WEFT_MODULE_REFUSED', { name: spec.name, reason: `contract ${spec.contract} is not known` });
    if (!module) throw new WeftError('WEFT_MODULE_REFUSED', { name: spec.name, reason: 'it has no module' });
    const told = contract.env ? { ...spec, env: { ...contract.env(spec, source.app), ...spec.env } } : spec;
    return new GuestFunction(id, told, inspect(spec, module, parts.host.provided), contract, files);
  });
  const version = new Version({ ...parts, app: source.app, number: source.version }, functions);
  try {
    for (const fn of version.guests) await initialize(version, fn, parts);
    for (const [id, fn] of functions.entries())
      if (fn instanceof DrivenFunction) await open(version, fn, source.functions[id], parts.drivers);
    version.goLive(source.merge);
  } catch (cause) {
    await version.release();
    throw cause;
  }
  return version;
}

async function initialize(version: Version, fn: GuestFunction, parts: PrepareParts): Promise<void> {
  const shape = new GroupShape(parts.runtime, parts.host, [fn]);
  for (const initializer of fn.guest.initializers) await runInitializer(version, fn, shape.acquire(fn, 0), initializer);
  const group = shape.acquire(fn, 0);
  const context = group.contexts[0];
  if (!context) throw new TypeError('a group has at least one context');
  context.unstage();
  context.wasi = undefined;
  if (fn.guest.entry === 'weft') fn.layout = layoutOf(fn, context);
  checkGlobals(fn, context);
  const kept = context.spareStack?.leave() ?? context.bytes.length;
  fn.snapshot = new Snapshot({ bytes: context.bytes.subarray(0, kept), globals: context.globals }, fn.guest.globalTypes);
  fn.counters.coldStarts = 0;
  const stays = context.spareStack?.at !== undefined;
  if (stays) fn.stayOnSpareStack();
  if (!stays && context.bytes.length === kept) {
    parts.runtime.memory.count(group); // anew: only what it holds counts from here on
    shape.put(group);
  } else {
    // It has room for a stack that requests mostly do without, and that would be wiped behind each.
    group.dispose();
    shape.warm(1);
  }
}

async function open(
  version: Version,
  fn: DrivenFunction,
  source: DeployedFunction | undefined,
  drivers: Drivers | undefined,
): Promise<void> {
  const { kind } = fn.spec.isolation;
  const driver = kind === 'context' ? undefined : drivers?.[kind];
  if (!driver || !source) throw new WeftError('WEFT_MODULE_REFUSED', { name: fn.name, reason: `isolation ${kind} is not to be had here` });
  const { app, number } = version;
  fn.driven = await driver.open(
    { app, version: number, spec: fn.spec, program: source.program, files: source.files },
    {
      log: (level, text) => version.log(fn, level, text),
      instances: (change) => (fn.counters.contextsLive += change),
      coldStart: () => fn.counters.coldStarts++,
      call: (request, name, body, answered) => version.callByName(fn, request, name, body, answered),
    },
  );
}

function runInitializer(version: Version, fn: GuestFunction, group: Group, initializer: '_initialize' | 'weft_init'): Promise<void> {
  const { runtime } = version;
  const { deadlineMs } = fn.spec.limits;
  return new Promise((resolve, reject) => {
    const sink = {
      ended: (_chain: Chain, result: number) => {
        if (result === 0) resolve();
        else
          reject(
            new WeftError('WEFT_INIT_FAILED', {
              name: fn.name,
              reason: `${initializer === 'weft_init' ? 'the init hook' : initializer} returned ${result}`,
            }),
          );
      },
      failed: (_chain: Chain, error: WeftError) =>
        reject(new WeftError('WEFT_INIT_FAILED', { name: fn.name, reason: error.message }, { cause: error })),
    };
    const input = { head: NOTHING, body: NOTHING, method: '', path: '', query: '' };
    new Chain({ runtime, version, fn, group, sink, depth: 1, deadlineAt: performance.now() + deadlineMs, initializer }, input).start();
  });
}

/** What a module that was not built here calls so may be something else. */
function checkGlobals({ name, guest }: GuestFunction, { globals }: Context): void {
  for (const [i, global] of globals.entries()) {
    try {
      if (!(global instanceof WebAssembly.Global)) throw new TypeError('it is no global');
      const { value } = global;
      if (guest.globalTypes[i] === 'i32' && typeof value !== 'number') throw new TypeError('it is no i32');
      global.value = value;
    } catch (cause) {
      const reason = `${guest.globalNames[i]} cannot be put back: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new WeftError('WEFT_MODULE_REFUSED', { name, reason }, { cause });
    }
  }
}

function layoutOf(fn: GuestFunction, { mailbox, mailboxAddress, bytes }: Context): MailboxLayout {
  const word = (at: number): number => (mailbox[at] as number) >>> 0;
  const layout = { mailbox: mailboxAddress, inbox: word(MAILBOX.inbox), inboxCapacity: word(MAILBOX.inboxCapacity) };
  const end = layout.inbox + layout.inboxCapacity;
  if (word(MAILBOX.version) !== 1 || layout.inbox === 0 || end > bytes.length) {
    throw new WeftError('WEFT_MODULE_REFUSED', { name: fn.name, reason: 'its mailbox is not one of this ABI; build it again' });
  }
  return layout;
}
