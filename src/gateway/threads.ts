/**
 * The engine threads of a platform: started, told what to serve, connected with each other, and replaced when they die.
 * Who calls `deploy`, `remove` and `listen` does so in the turn it gave, in which threads are replaced as well: so a new
 * thread never misses a deploy that was under way when it started.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import type { AppVersion, ControlRequest, LogRecord, ThreadOptions } from '../engine/protocol.ts';
import { WeftError } from '../model/errors.ts';
import { EngineWorker } from './engine-worker.ts';
import { createHandout, DEFAULT_INGRESS_LIMITS, type Handout, type ListenAt } from './ingress/index.ts';
import { NO_TOTALS, pastOf, type ThreadReport, type Totals, totalOf } from './metrics.ts';
import { refuseTakenPort } from './port.ts';
import { ThreadControls } from './thread-controls.ts';
import type { Turn } from './turn.ts';

/** A thread that answers no sooner (one function may hold it for some slices) is counted as it was. */
const REPORT_MS = 3000;
/** Before the second replacement in a row, doubling from then on. */
const BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 30_000;
/** A thread that lived so long has a death of its own. */
const SETTLED_MS = 60_000;
/** After the time to drain, until a thread that does not end is ended; processes of functions have 5 s of it. */
const CLOSE_GRACE_MS = 7000;

export interface ThreadsOptions {
  readonly threads: number;
  /** Whether threads share the port, or the control thread hands out connections. */
  readonly sharePort: boolean;
  /** Where what was built once is kept. */
  readonly cacheDir: string;
  readonly turn: Turn;
  /** What a new thread has to serve. */
  readonly live: () => readonly AppVersion[];
  readonly events: ThreadEvents;
}

export interface ThreadEvents {
  log(records: readonly LogRecord[]): void;
  control(worker: EngineWorker, id: number, request: ControlRequest): void;
  controlClosed(worker: EngineWorker, id: number): void;
  ended(worker: EngineWorker): void;
  say(level: 'info' | 'warn' | 'error', text: string): void;
}

interface Slot {
  readonly thread: number;
  worker: EngineWorker | undefined;
  startedAt: number;
  /** Deaths in a row, each soon after the start. */
  deaths: number;
  report: ThreadReport | undefined;
  /** A report asked for and not yet here: a thread that is late is not asked twice. */
  asking: Promise<ThreadReport | undefined> | undefined;
}

export class Threads {
  /** Replacements since the start. */
  restarts = 0;
  readonly #options: ThreadsOptions;
  readonly #controls: ThreadControls;
  readonly #folder: string;
  readonly #slots: readonly Slot[];
  readonly #closing = new AbortController();
  #where: ListenAt | undefined;
  #handout: Handout | undefined;
  /** Counts of threads that are gone. */
  #past: Totals = NO_TOTALS;

  static async start(options: ThreadsOptions): Promise<Threads> {
    // Not in the data folder: the path of a socket may have about a hundred bytes.
    const folder = options.sharePort ? '' : await mkdtemp(join(tmpdir(), 'weft-'));
    return new Threads(options, folder);
  }

  private constructor(options: ThreadsOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#controls = new ThreadControls(options.threads, (reason) => options.events.say('error', `the watchdog ended: ${reason}`));
    this.#slots = Array.from({ length: options.threads }, (_, thread) => ({
      thread,
      worker: undefined,
      startedAt: 0,
      deaths: 0,
      report: undefined,
      asking: undefined,
    }));
    for (const slot of this.#slots) this.#spawn(slot);
  }

  get workers(): readonly EngineWorker[] {
    return this.#slots.flatMap((slot) => slot.worker ?? []);
  }

  /** The port. All of them answer there when this returns. @throws WeftError WEFT_LISTEN */
  async listen(where: ListenAt): Promise<number> {
    return this.#options.sharePort ? this.#listenShared(where) : this.#listenHanded(where);
  }

  /**
   * All threads serve the version when this returns; when one refuses it, all serve `previous` as before.
   * @throws WeftError of the thread that refused
   */
  async deploy(version: AppVersion, previous: AppVersion | undefined): Promise<void> {
    const [first, ...others] = this.workers;
    if (!first) throw new WeftError('WEFT_BUSY', { reason: 'no engine thread runs' });
    // What one refuses all refuse, but for accidents: so nearly always nobody is served what is refused in the end.
    await first.deploy(version);
    const results = await Promise.allSettled(others.map((worker) => worker.deploy(version)));
    const failed = results.find((result) => result.status === 'rejected');
    if (!failed) return;
    await this.restore(version.app, previous);
    throw failed.reason;
  }

  /** Back to what was served before. */
  async restore(app: string, previous: AppVersion | undefined): Promise<void> {
    if (previous) await Promise.allSettled(this.workers.map((worker) => worker.deploy(previous)));
    else this.remove(app);
  }

  remove(app: string): void {
    for (const worker of this.workers) worker.remove(app);
  }

  /** Contexts of all threads together. */
  scale(name: string, contexts: number): void {
    const { workers } = this;
    for (const [at, worker] of workers.entries()) {
      const share = Math.floor(contexts / workers.length) + (at < contexts % workers.length ? 1 : 0);
      worker.scale(name, share);
    }
  }

  async totals(): Promise<Totals> {
    await Promise.all(this.#slots.map((slot) => this.#refresh(slot)));
    return totalOf(
      this.#slots.flatMap((slot) => slot.report ?? []),
      this.#past,
    );
  }

  /** Requests that run are answered, for at most so long. */
  async close(drainMs: number): Promise<void> {
    this.#closing.abort();
    const workers = [...this.workers];
    const ended = Promise.all([this.#handout?.close(drainMs), ...workers.map((worker) => worker.close(drainMs))]);
    const timer = new AbortController();
    await Promise.race([ended, sleep(drainMs + CLOSE_GRACE_MS, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    await Promise.all(workers.map((worker) => worker.terminate()));
    await this.#controls.close();
    if (this.#folder !== '') await rm(this.#folder, { recursive: true, force: true });
  }

  async #listenShared(where: ListenAt): Promise<number> {
    // Sharing a port is also what a second platform would do, and nobody would notice.
    if (where.port !== 0) await refuseTakenPort(where);
    const [first, ...others] = this.workers;
    if (!first) throw new WeftError('WEFT_BUSY', { reason: 'no engine thread runs' });
    const port = await first.listen(where);
    this.#where = { ...where, port };
    for (const worker of others) await worker.listen(this.#where);
    return port;
  }

  async #listenHanded(where: ListenAt): Promise<number> {
    this.#where = where;
    for (const worker of this.workers) await worker.listen(where);
    this.#handout = createHandout({
      ...where,
      paths: () => this.workers.map((worker) => worker.path),
      maxConnections: DEFAULT_INGRESS_LIMITS.connections,
    });
    return this.#handout.listen();
  }

  #spawn(slot: Slot): EngineWorker {
    const { thread } = slot;
    const { events, threads, sharePort, cacheDir } = this.#options;
    const listen: ThreadOptions['listen'] = sharePort
      ? { kind: 'reuse-port' }
      : { kind: 'handed', path: join(this.#folder, `${thread}-${this.restarts}.sock`) };
    const worker = new EngineWorker(
      { thread, threads, listen, controls: this.#controls.memories, cacheDir },
      {
        log: (records) => events.log(records),
        control: (id, request) => events.control(worker, id, request),
        controlClosed: (id) => events.controlClosed(worker, id),
        ended: (reason, asked) => this.#ended(slot, worker, asked ? undefined : reason),
      },
    );
    for (const other of this.workers) connect(worker, other);
    slot.worker = worker;
    slot.startedAt = performance.now();
    return worker;
  }

  #ended(slot: Slot, worker: EngineWorker, reason: string | undefined): void {
    slot.worker = undefined;
    if (slot.report) this.#past = totalOf([pastOf(slot.report)], this.#past);
    slot.report = undefined;
    slot.asking = undefined;
    this.#options.events.ended(worker);
    if (reason === undefined || this.#closing.signal.aborted) return;
    this.#options.events.say('error', `engine thread ${slot.thread} ended, its requests are lost: ${reason}`);
    slot.deaths = performance.now() - slot.startedAt > SETTLED_MS ? 1 : slot.deaths + 1;
    this.#replaceLater(slot).catch(() => {}); // says itself what fails
  }

  async #replaceLater(slot: Slot): Promise<void> {
    const wait = slot.deaths < 2 ? 0 : Math.min(BACK_OFF_MS * 2 ** (slot.deaths - 2), MAX_BACK_OFF_MS);
    if (wait > 0) await sleep(wait, undefined, { signal: this.#closing.signal });
    await this.#options.turn.run(() => this.#replace(slot));
  }

  async #replace(slot: Slot): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const { events, live } = this.#options;
    this.#controls.reset(slot.thread);
    this.restarts += 1;
    const worker = this.#spawn(slot);
    try {
      for (const version of live()) await this.#install(worker, version);
      if (this.#where) await worker.listen(this.#where);
      events.say('info', `engine thread ${slot.thread} was replaced`);
    } catch (error) {
      events.say('error', `engine thread ${slot.thread} could not be replaced: ${String(error)}`);
      // Its end, unless that is what failed, leads back here.
      await worker.terminate();
    }
  }

  /** What one app does to a new thread is not for the others to suffer, as long as the thread lives. */
  async #install(worker: EngineWorker, version: AppVersion): Promise<void> {
    try {
      await worker.deploy(version);
    } catch (error) {
      if (error instanceof WeftError && error.code === 'WEFT_THREAD_LOST') throw error;
      this.#options.events.say('error', `engine thread ${worker.thread} does not serve the app ${version.app}: ${String(error)}`);
    }
  }

  async #refresh(slot: Slot): Promise<void> {
    if (!slot.worker) return;
    const { worker } = slot;
    slot.asking ??= worker.report().catch(() => undefined);
    const timer = new AbortController();
    const late = sleep(REPORT_MS, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const);
    const report = await Promise.race([slot.asking, late]);
    timer.abort();
    if (slot.worker !== worker || report === 'late') return;
    slot.asking = undefined;
    slot.report = report ?? slot.report;
  }
}

function connect(a: EngineWorker, b: EngineWorker): void {
  const { port1, port2 } = new MessageChannel();
  a.connect(b.thread, port1);
  b.connect(a.thread, port2);
}
