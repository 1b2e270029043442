/** A weft-host that speaks frames: started, ready, and told apart whether it ended by itself. */
import { addAbortListener } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorLog } from './error-log.ts';
import { FRAME, FrameChannel, type FrameReceiver, type HostEnds } from './frames.ts';
import { crashed, startFailed } from './failures.ts';
import { launch, type Launched, type LaunchOptions } from './launch.ts';
import { isLineFeeds } from './program-output.ts';
import { WeftError } from '../../model/errors.ts';

/** From the start to READY; what it loads and initialises is in it. */
const START_MS = 30_000;
/** Between a process's last word and its end. */
const EXIT_MS = 1_000;
/** Larger payloads are none that a function may send. */
const LEAST_FRAME_BYTES = 64 * 1024 * 1024;
const FRAME_ROOM_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array(0);

export type FrameHandler = (type: number, payload: Buffer | undefined) => void;

export class HostProcess implements FrameReceiver {
  readonly process: Launched;
  readonly #options: LaunchOptions;
  readonly channel: FrameChannel;
  /** For what its program says of itself, whether a request runs or not. */
  readonly errors: ErrorLog;
  /** Takes the frames of the request that runs. */
  handler: FrameHandler | undefined;
  /** Told when it is gone in the middle of a request. */
  onLost: ((error: WeftError) => void) | undefined;
  #ready: (() => void) | undefined;
  #ended = false;

  private constructor(options: LaunchOptions, channel: FrameChannel, theirs: HostEnds) {
    this.#options = options;
    this.channel = channel;
    this.errors = new ErrorLog(options.log, channel);
    this.process = launch(options, theirs);
    channel.receiver = this;
  }

  /** Is ended when `closing` is aborted before it is ready. @throws WeftError WEFT_START_FAILED */
  static async start(options: LaunchOptions, closing: AbortSignal): Promise<HostProcess> {
    const { place } = options;
    const most = Math.max(LEAST_FRAME_BYTES, place.limits.responseBytes + FRAME_ROOM_BYTES);
    const { channel, theirs } = await FrameChannel.open(join(place.folder, `frames${place.next()}`), most);
    const host = HostProcess.#launch(options, channel, theirs);
    using _closed = addAbortListener(closing, () => host.kill());
    const ready = new Promise<true>((resolve) => {
      host.#ready = () => resolve(true);
    });
    const late = new AbortController();
    const timeout = sleep(START_MS, undefined, { signal: late.signal }).then(
      () => undefined,
      () => undefined,
    );
    const outcome = await Promise.race([ready, host.process.exited, timeout]);
    late.abort();
    if (outcome === true) return host;
    if (outcome) throw startFailed(place, host.process, outcome);
    host.kill();
    throw new WeftError('WEFT_START_FAILED', { name: place.name, reason: `it was not ready within ${START_MS} ms` });
  }

  static #launch(options: LaunchOptions, channel: FrameChannel, theirs: HostEnds): HostProcess {
    try {
      return new HostProcess(options, channel, theirs);
    } catch (cause) {
      channel.close();
      throw cause;
    }
  }

  get usable(): boolean {
    return !this.#ended && !this.process.exit;
  }

  get gone(): Promise<void> {
    return this.process.exited.then(() => {});
  }

  frame(type: number, payload: Buffer | undefined): void {
    if (this.handler) this.handler(type, payload);
    else if (type === FRAME.ready) this.#ready?.();
    else if (type === FRAME.stderr && payload) this.errors.write(payload);
    else if (!(type === FRAME.stdout && isLineFeeds(payload ?? NO_BYTES))) this.kill(); // it speaks without having been asked: nothing it says can be trusted to be what it seems
  }

  closed(): void {
    this.#ended = true;
    this.errors.end();
    void this.process.exited.then((exit) => this.onLost?.(crashed(this.#options.place, this.process, exit)));
    // Mostly it has ended, and how is about to be told. Whoever closed this end and goes on is of no use to anybody.
    void Promise.race([this.process.exited, sleep(EXIT_MS, undefined, { ref: false })]).then(() => this.kill());
  }

  kill(): void {
    this.#ended = true;
    this.process.kill();
  }

  async end(ask: 'programs' | 'nobody'): Promise<void> {
    this.#ended = true;
    if (ask === 'nobody') {
      this.channel.close();
      this.process.kill();
      await this.process.exited;
    } else await this.process.end(ask);
  }
}
