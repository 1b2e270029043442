/** The container driver without a platform: functions opened and asked as the engine does it. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { containerDriver } from '../../src/drivers/container/driver.ts';
import { type Answer, Failure, TOO_LARGE } from '../../src/engine/contract.ts';
import { temporaryFolders } from '../../src/drivers/memory-folder.ts';
import { type AnswerStream, type Driven, type DrivenRequest, type Driver, type End, STREAMED } from '../../src/engine/driver.ts';
import { Ending } from '../../src/engine/ending.ts';
import type { ContainerIsolation, ContractName, FunctionSettings, Resources } from '../../src/model/app.ts';
import { WeftError } from '../../src/model/errors.ts';
import { settings } from '../admin/bundles.ts';
import { WIRES } from './wires.ts';

const DEADLINE_MS = 20_000;
const EVENTUALLY_MS = 20_000;
const SLOW_BYTES = 1_000_000;
const RESOURCES: Resources = { processes: 50, cpus: 0, openFiles: 350, instances: 4 };

export interface Asked extends Partial<DrivenRequest['input']> {
  readonly text?: string;
  readonly ms?: number;
  readonly stream?: AnswerStream;
}

export type Isolation = Partial<Omit<ContainerIsolation, 'resources'>> & { readonly resources?: Partial<Resources> };
export type Settings = Partial<Omit<FunctionSettings, 'isolation' | 'name'>> & { readonly secretFiles?: never };

/** What the container driver of that process has made on this machine, beside what others have. */
export async function foldersOf(pid: number | undefined): Promise<string[]> {
  const names = await Promise.all(temporaryFolders().map((parent) => readdir(parent)));
  return names.flat().filter((name) => name.startsWith('weft-container-') && name.includes(`-${pid}-`));
}

/** A function that is open. */
export class Opened {
  readonly log: string[] = [];
  live = 0;
  coldStarts = 0;
  driven: Driven | undefined;

  /** Its answer; failures as text. @throws WeftError */
  async ask({ text = '', ms = DEADLINE_MS, stream, ...input }: Asked = {}): Promise<{ status: number; body: string; head: string }> {
    const outcome = await this.run({ text, ms, ...(stream && { stream }), ...input });
    if (outcome === STREAMED) return { status: 0, head: '', body: STREAMED };
    if (!(outcome instanceof Failure)) return shown(outcome);
    return outcome.answer ? shown(outcome.answer) : { status: 500, head: '', body: outcome.reason };
  }

  async run({ text = '', ms = DEADLINE_MS, stream, ...input }: Asked): Promise<Answer | Failure | typeof STREAMED> {
    if (!this.driven) throw new TypeError('it is not open');
    const nothing = new Uint8Array(0);
    const ending = new Ending();
    const late = setTimeout(() => ending.end(new WeftError('WEFT_DEADLINE', { name: 'it', ms })), ms);
    const request = {
      input: { head: nothing, body: Buffer.from(text), method: 'POST', path: '', query: '', ...input },
      depth: 1,
      startedAt: performance.now(),
      deadlineAt: performance.now() + ms,
      ending,
      stream,
    };
    const end = await new Promise<End>((resolve) => this.driven?.run(request, resolve));
    clearTimeout(late);
    if (end instanceof WeftError) throw end;
    assert.ok(end !== TOO_LARGE);
    return end;
  }
}

function shown({ status, head, body }: Answer): { status: number; body: string; head: string } {
  return { status, head: Buffer.from(head).toString('latin1'), body: Buffer.from(body).toString('utf8') };
}

/** The driver as one engine thread has it. */
export class TestDriver implements AsyncDisposable {
  readonly #driver: Driver;

  constructor(env: Readonly<Record<string, string>>) {
    this.#driver = containerDriver(WIRES, { env });
  }

  async open(contract: ContractName, { resources, ...isolation }: Isolation, more: Settings & { name?: string } = {}): Promise<Opened> {
    const opened = new Opened();
    const spec = settings(more.name ?? 'it', {
      ...more,
      contract,
      isolation: {
        kind: 'container',
        image: 'weft-guest',
        network: 'bridge',
        mounts: [],
        ...isolation,
        resources: { ...RESOURCES, ...resources },
      },
    });
    opened.driven = await this.#driver.open(
      { app: 'tests', version: 1, spec, program: undefined, files: {} },
      {
        log: (level, text) => opened.log.push(`${level}: ${text}`),
        instances: (change) => (opened.live += change),
        coldStart: () => opened.coldStarts++,
        call: () => Promise.reject(new TypeError('containers call through the gateway')),
      },
    );
    return opened;
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#driver.close();
  }
}

/** The code of the error that it ends with. */
export async function codeOf(ending: Promise<unknown>): Promise<string> {
  return ending.then(
    () => 'none',
    (cause: unknown) => (cause instanceof WeftError ? cause.code : String(cause)),
  );
}

/** The container that answered. */
export function hostOf({ head }: { readonly head: string }): string | undefined {
  return /X-Host: (\S+)/.exec(head)?.[1];
}

/** @throws when it does not become so in good time */
export async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  for (const until = performance.now() + EVENTUALLY_MS; !(await check()); await delay(10))
    if (performance.now() > until) throw new Error(`it does not become so: ${check.toString()}`);
}

/** A client that takes a part of an answer, and more when it is told to. */
export class CollectingStream implements AnswerStream {
  status = 0;
  bytes = 0;
  closed = false;
  waits = false;
  #slow = true;
  readonly #drained = Promise.withResolvers<void>();

  begin(status: number): void {
    this.status = status;
  }

  write(piece: Uint8Array): boolean {
    this.bytes += piece.length;
    this.waits = this.#slow && this.bytes > SLOW_BYTES;
    return !this.waits;
  }

  drained(): Promise<void> {
    return this.#drained.promise;
  }

  drain(): void {
    this.#slow = false;
    this.#drained.resolve();
  }
}
