/** Stops an idle container's processors (docker pause), and lets it go on when it is needed. */
import type { Container } from './container.ts';
import type { EngineApi } from './engine-api.ts';

export interface FreezerOptions {
  readonly api: EngineApi;
  readonly container: Container;
  /** 0: never. */
  readonly idleMs: number;
  /** Told once, when the engine cannot. */
  readonly cannot: (reason: string) => void;
}

export class Freezer {
  readonly #options: FreezerOptions;
  #idleMs: number;
  #timer: NodeJS.Timeout | undefined;
  #frozen = false;
  /** What is being done to it, so that one thing follows the other. */
  #change: Promise<void> = Promise.resolve();
  #waking: Promise<void> | undefined;

  constructor(options: FreezerOptions) {
    this.#options = options;
    this.#idleMs = options.idleMs;
  }

  /** Nobody needs it for now. */
  idle(): void {
    clearTimeout(this.#timer);
    if (this.#idleMs === 0) return;
    const freeze = (): void => {
      this.#change = this.#freeze();
    };
    this.#timer = setTimeout(freeze, this.#idleMs).unref();
  }

  /** It runs when this resolves. @throws what the engine says when it cannot go on */
  async wake(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#change;
    if (!this.#frozen) return;
    // Requests that come together wait for the same.
    this.#waking ??= this.#unpause();
    await this.#waking;
  }

  async #unpause(): Promise<void> {
    try {
      await this.#options.api.unpause(this.#options.container.id);
      this.#frozen = false;
    } finally {
      this.#waking = undefined;
    }
  }

  /** Never rejects. */
  async #freeze(): Promise<void> {
    try {
      await this.#options.api.pause(this.#options.container.id);
      this.#frozen = true;
    } catch (cause) {
      if (this.#options.container.end) return;
      this.#idleMs = 0;
      this.#options.cannot(cause instanceof Error ? cause.message : String(cause));
    }
  }
}
