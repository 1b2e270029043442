/** What is being built, for those who wait: a line for each function that is done, and a moving one for what is not. */
import type { BuildReport } from '../toolchain/index.ts';
import type { Terminal } from './terminal.ts';

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const FRAME_MS = 80;

export class BuildProgress implements Disposable {
  readonly #terminal: Terminal;
  readonly #running = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;
  #frame = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#timer = setInterval(() => this.#draw(), FRAME_MS).unref();
  }

  step(name: string, step: string): void {
    this.#running.set(name, step);
    this.#draw();
  }

  built(name: string, artifact: BuildReport, ms: number): void {
    this.#running.delete(name);
    const how = artifact.cached ? 'from the cache' : `compiled (${artifact.toolchain})`;
    this.#terminal.say(`${this.#terminal.paint('green', '✔')} ${name}: ${how}, ${Math.round(ms)} ms`);
    if (artifact.warnings.trim() !== '') this.#terminal.say(artifact.warnings.trimEnd());
    this.#draw();
  }

  failed(name: string): void {
    this.#running.delete(name);
    this.#draw();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#terminal.status('');
  }

  #draw(): void {
    const running = [...this.#running].map(([name, step]) => `${name}: ${step}`);
    const frame = FRAMES[this.#frame++ % FRAMES.length] ?? '';
    this.#terminal.status(running.length === 0 ? '' : `${frame} ${running.join(', ')}`);
  }
}
