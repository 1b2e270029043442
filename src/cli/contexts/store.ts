/**
 * Contexts on disk: `contexts/<name>.json`, each for its owner alone. A file is put in place whole by one system call, so that of two
 * who write at once one wins and nobody reads a half. What cannot be understood is told and left as it is.
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, quote } from '../../manifest/nearest.ts';
import { WeftError } from '../../model/errors.ts';
import { createDurably, removeDurably, unusable, writeDurably } from '../../registry/durable.ts';
import { makeFolder } from '../make-folder.ts';
import { shellPath } from '../shell-path.ts';
import { contextText, type GatewayContext, parseContext } from './gateway-context.ts';
import { DEFAULT_CONTEXT, isContextName } from './name.ts';
import { isAbsent, readSmallFile } from './small-file.ts';

const FOLDER = 'contexts';
const FILE = '.json';
const FOLDER_MODE = 0o700;
/** Reading, writing or running by anybody but the owner. */
const OTHERS = 0o077;

export class ContextStore {
  readonly #config: string;
  readonly #folder: string;

  /** `config` need not be there. */
  constructor(config: string) {
    this.#config = config;
    this.#folder = join(config, FOLDER);
  }

  /** Of all that have a file, whatever is in it; in order. @throws WeftError WEFT_FILE */
  async names(): Promise<string[]> {
    const files = await readdir(this.#folder).catch((cause: NodeJS.ErrnoException) => {
      if (isAbsent(cause)) return [];
      throw unusable(this.#folder, cause);
    });
    const names = files.filter((file) => file.endsWith(FILE)).map((file) => file.slice(0, -FILE.length));
    return names.filter((name) => isContextName(name) && name !== DEFAULT_CONTEXT).toSorted();
  }

  /** All that are whole, and what is wrong with the others. @throws WeftError WEFT_FILE */
  async readAll(): Promise<{ readonly contexts: readonly GatewayContext[]; readonly wrong: readonly unknown[] }> {
    const results = await Promise.allSettled((await this.names()).map((name) => this.read(name)));
    return {
      contexts: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
      wrong: results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
    };
  }

  /** `from` says, in an error, where the name comes from. @throws WeftError WEFT_CONTEXT_NOT_FOUND, WEFT_CONTEXT_DAMAGED, WEFT_CONTEXT_EXPOSED, WEFT_FILE */
  async read(name: string, from = ''): Promise<GatewayContext> {
    const path = this.#path(name);
    const file = isContextName(name) ? await readSmallFile(path) : undefined;
    if (file === undefined) throw await this.#notFound(name, from);
    const context = typeof file === 'string' ? file : parseContext(name, file.text);
    if (typeof context === 'string') throw new WeftError('WEFT_CONTEXT_DAMAGED', { path, reason: context });
    if (context.password !== undefined && typeof file !== 'string' && isExposed(file.mode))
      throw new WeftError('WEFT_CONTEXT_EXPOSED', { path, file: shellPath(path), name });
    return context;
  }

  /** @throws WeftError WEFT_CONTEXT_EXISTS, WEFT_FILE */
  async write(context: GatewayContext, { replace }: { readonly replace: boolean }): Promise<void> {
    await this.#makeFolder();
    const path = this.#path(context.name);
    if (replace) await writeDurably(path, contextText(context), this.#folder);
    else if (!(await createDurably(path, contextText(context), this.#folder)))
      throw new WeftError('WEFT_CONTEXT_EXISTS', { name: context.name });
  }

  /** Whatever is in its file. @throws WeftError WEFT_CONTEXT_NOT_FOUND, WEFT_FILE */
  async remove(name: string): Promise<void> {
    await this.#mustExist(name);
    await removeDurably(this.#path(name));
  }

  /** Makes it the current one, whatever was. @throws WeftError WEFT_CONTEXT_NOT_FOUND and whatever is wrong with it */
  async use(name: string, currentFile: string): Promise<void> {
    if (name !== DEFAULT_CONTEXT) await this.read(name);
    await makeFolder(this.#config);
    await writeDurably(currentFile, `${name}\n`, this.#config);
  }

  async #mustExist(name: string): Promise<void> {
    const found = isContextName(name) && (await stat(this.#path(name)).catch(() => undefined));
    if (!found) throw await this.#notFound(name, '');
  }

  async #notFound(name: string, from: string): Promise<WeftError> {
    const known = [...(await this.names().catch(() => [])), DEFAULT_CONTEXT];
    return new WeftError('WEFT_CONTEXT_NOT_FOUND', { name: quote(name), from, suggestion: didYouMean(name, known) });
  }

  async #makeFolder(): Promise<void> {
    await makeFolder(this.#config);
    await mkdir(this.#folder, { mode: FOLDER_MODE }).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST') throw unusable(this.#folder, cause);
    });
  }

  #path(name: string): string {
    return join(this.#folder, `${name}${FILE}`);
  }
}

/** Windows keeps others out by other means than a file's mode. */
function isExposed(mode: number): boolean {
  return process.getuid !== undefined && (mode & OTHERS) !== 0;
}
