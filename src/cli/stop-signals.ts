/** Ctrl-C and its relatives: the first asks to end in order, the second ends at once. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 0, SIGHUP: 0 } as const;
/** 128 + the signal's number, as shells have it. */
const AT_ONCE = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type StopSignal = keyof typeof EXIT_CODES;

export class StopSignals implements Disposable {
  readonly #abort = new AbortController();
  readonly #stopped = Promise.withResolvers<void>();
  #exitCode = 0;

  constructor() {
    for (const name of names()) process.on(name, this.#receive);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Settles with the first signal. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** What to end with after the first signal: a service manager's SIGTERM is the ordinary end, Ctrl-C is an interruption. */
  get exitCode(): number {
    return this.#exitCode;
  }

  [Symbol.dispose](): void {
    for (const name of names()) process.off(name, this.#receive);
  }

  readonly #receive = (name: NodeJS.Signals): void => {
    const known = name as StopSignal; // registered for these only
    if (this.signal.aborted) process.exit(AT_ONCE[known]);
    this.#exitCode = EXIT_CODES[known];
    this.#abort.abort();
    this.#stopped.resolve();
  };
}

function names(): StopSignal[] {
  return Object.keys(EXIT_CODES) as StopSignal[]; // the table above
}
