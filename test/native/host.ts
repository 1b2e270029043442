/** The platform's side of weft-host, as small as it can be: a process, and frames on its descriptors 3 and 4. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureHost } from '../../src/toolchain/index.ts';
import { SDK_INCLUDE } from '../../src/toolchain/link-description.ts';

export const TO_HOST = { run: 1, call: 2, invoked: 3, kill: 4, feed: 5 } as const;
export const FROM_HOST = { ready: 16, stdout: 17, stderr: 18, end: 19, result: 20, invoke: 21 } as const;

/** Gone when the tests of the file are over. */
export const FOLDER = mkdtempSync(join(tmpdir(), 'weft-native-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

export const u32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * at);
  return bytes;
};

export const runPayload = (env: Readonly<Record<string, string>>, stdin: Uint8Array | string): Buffer => {
  const block = Buffer.from(
    Object.entries(env)
      .map(([name, value]) => `${name}=${value}\0`)
      .join(''),
  );
  return Buffer.concat([u32(block.length), block, Buffer.from(stdin)]);
};

export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

export interface ProgramRun {
  readonly exitCode: number;
  readonly signal: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class HostProcess {
  readonly child: ChildProcess;
  /** Descriptor 3 of it, and descriptor 4. */
  readonly input: Socket;
  readonly output: Socket;
  /** What came on its own standard error. */
  stderr = '';
  readonly #frames: Frame[] = [];
  readonly #waiting: ((frame: Frame | undefined) => void)[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #ended = false;

  static async start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<HostProcess> {
    return new HostProcess(spawn(await ensureHost(FOLDER), args, { stdio: ['ignore', 'inherit', 'pipe', 'pipe', 'pipe'], env }));
  }

  private constructor(child: ChildProcess) {
    this.child = child;
    const [, , , input, output] = child.stdio;
    if (!(input instanceof Socket) || !(output instanceof Socket)) throw new TypeError('no channel');
    this.input = input;
    this.output = output;
    input.on('error', () => {});
    child.stderr?.on('data', (text: Buffer) => {
      this.stderr += text.toString();
    });
    output.on('data', (bytes: Buffer) => this.#take(bytes));
    output.on('error', () => {});
    output.on('close', () => {
      this.#ended = true;
      for (const waiter of this.#waiting.splice(0)) waiter(undefined);
    });
  }

  hangUp(): void {
    this.input.destroy();
    this.output.destroy();
  }

  send(type: number, ...payload: readonly Uint8Array[]): void {
    const body = Buffer.concat(payload);
    this.input.write(Buffer.concat([u32(body.length, type), body]));
  }

  /** Undefined when the host has closed its end. */
  next(): Promise<Frame | undefined> {
    const frame = this.#frames.shift();
    if (frame || this.#ended) return Promise.resolve(frame);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @throws when another comes */
  async expect(type: number): Promise<Buffer> {
    const frame = await this.next();
    if (frame?.type !== type) throw new Error(`frame ${frame?.type} in place of ${type}: ${frame?.payload.toString()} ${this.stderr}`);
    return frame.payload;
  }

  run(env: Readonly<Record<string, string>> = {}, stdin: Uint8Array | string = ''): Promise<ProgramRun> {
    this.send(TO_HOST.run, runPayload(env, stdin));
    return this.untilEnd();
  }

  async untilEnd(): Promise<ProgramRun> {
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    for (;;) {
      const frame = await this.next();
      if (!frame) throw new Error(`weft-host is gone: ${this.stderr}`);
      if (frame.type === FROM_HOST.stdout) stdout.push(frame.payload);
      else if (frame.type === FROM_HOST.stderr) stderr.push(frame.payload);
      else if (frame.type === FROM_HOST.end) {
        const text = [stdout, stderr].map((pieces) => Buffer.concat(pieces).toString('latin1'));
        return {
          exitCode: frame.payload.readInt32LE(0),
          signal: frame.payload.readInt32LE(4),
          stdout: text[0] ?? '',
          stderr: text[1] ?? '',
        };
      }
    }
  }

  /** What it ended with. */
  async ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return { code: child.exitCode, signal: child.signalCode };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.input.destroy();
    await this.ended();
  }

  #take(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    while (this.#pending.length >= 8) {
      const length = this.#pending.readUInt32LE(0);
      if (this.#pending.length < 8 + length) return;
      const frame = { type: this.#pending.readUInt32LE(4), payload: this.#pending.subarray(8, 8 + length) };
      this.#pending = this.#pending.subarray(8 + length);
      const waiter = this.#waiting.shift();
      if (waiter) waiter(frame);
      else this.#frames.push(frame);
    }
  }
}

/** A small program or library of these lines of C. */
export function compileC(name: string, code: string, ...flags: readonly string[]): string {
  const source = join(FOLDER, `${name}.c`);
  const path = join(FOLDER, name);
  writeFileSync(source, code);
  execFileSync('cc', ['-O1', `-I${SDK_INCLUDE}`, source, '-o', path, ...flags]);
  return path;
}

/** Waits for something that will be so. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

/** Zombies are none that run. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export function residentKiB({ child }: { readonly child: ChildProcess }): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
}
