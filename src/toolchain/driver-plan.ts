/**
 * What clang's driver would run for given flags: asked once (`-###`), remembered on disk, and filled in per file. That saves a start of
 * the compiler for each compilation and each link, and both toolchains then run the same commands.
 */
import { keyOf } from './hash.ts';
import type { Store } from './store.ts';

/** Asks the driver; what it wrote. @throws CompilerFailure */
type Ask = (args: readonly string[]) => Promise<string>;

const FORMAT = '1';

export class DriverPlans {
  readonly #store: Store;
  readonly #identity: string;
  readonly #known = new Map<string, string[]>();

  constructor(store: Store, identity: string) {
    this.#store = store;
    this.#identity = identity;
  }

  /** Arguments, program first, of the command that `program` matches. */
  async command(args: readonly string[], program: RegExp, ask: Ask): Promise<readonly string[]> {
    const key = keyOf('plan', FORMAT, this.#identity, args);
    const known = this.#known.get(key) ?? readWords(await this.#store.getJson(key));
    if (known) {
      this.#known.set(key, known);
      return known;
    }
    const found = parseCommands(await ask(args)).find((words) => words.some((word) => program.test(word)));
    if (!found) throw new Error(`clang's driver planned nothing that matches ${program}`);
    this.#known.set(key, found);
    await this.#store.putJson(key, found);
    return found;
  }
}

function readWords(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined;
}

/** Lines of quoted words; in a word, `"`, `\` and `$` are escaped. */
export function parseCommands(output: string): string[][] {
  const lines = output.split('\n').filter((line) => line.startsWith(' "'));
  return lines.map((line) => [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word.replaceAll(/\\(["\\$])/g, '$1')));
}
