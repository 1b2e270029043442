/** Modules and packed files, named by their content. */
import { readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError } from '../model/errors.ts';
import { DIGEST, type Digest, digestOf } from './digest.ts';
import { removeDurably, unusable, writeDurably } from './durable.ts';

/** What no app has, all together; past it, the oldest go. */
export const MAX_LOOSE_BYTES = 1024 ** 3;

export class Artifacts {
  readonly #folder: string;
  readonly #scratch: string;
  readonly #maxLooseBytes: number;
  /** Nobody's yet, or not any more: oldest first → size. It may be wanted soon, and is collected at the next start. */
  readonly #loose = new Map<Digest, number>();
  #looseBytes = 0;
  /** They go just now. */
  readonly #leaving = new Set<Digest>();

  constructor(folder: string, scratch: string, maxLooseBytes: number) {
    this.#maxLooseBytes = maxLooseBytes;
    this.#folder = folder;
    this.#scratch = scratch;
  }

  async has(digest: Digest): Promise<boolean> {
    return stat(this.#path(digest)).then(
      () => true,
      () => false,
    );
  }

  /** Kept when this returns. `used`: whether an app has it already. */
  async put(content: Uint8Array, used: (digest: Digest) => boolean): Promise<Digest> {
    const digest = digestOf(content);
    // What is there is read: it may have been damaged, and this is the chance to mend it.
    const present = await readFile(this.#path(digest)).catch(() => undefined);
    if (present === undefined || digestOf(present) !== digest) await writeDurably(this.#path(digest), content, this.#scratch);
    if (!used(digest)) await this.#addLoose(digest, content.length);
    return digest;
  }

  /** @throws WeftError WEFT_ARTIFACT_MISSING, WEFT_DATA_DAMAGED */
  async read(digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
    const path = this.#path(digest);
    const content = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'ENOENT' ? new WeftError('WEFT_ARTIFACT_MISSING', { digest }) : unusable(path, cause);
    });
    if (digestOf(content) === digest) return content;
    // Out of the way, so that whoever asks for it is told it is missing, and uploads it again.
    await rename(path, join(this.#scratch, `${digest}.damaged`)).catch(() => {});
    throw new WeftError('WEFT_DATA_DAMAGED', { path, reason: 'its content is not what its name says' });
  }

  /** @throws WeftError WEFT_ARTIFACT_MISSING */
  async mustHave(digests: Iterable<Digest>): Promise<void> {
    for (const digest of new Set(digests))
      if (this.#leaving.has(digest) || !(await this.has(digest))) throw new WeftError('WEFT_ARTIFACT_MISSING', { digest });
  }

  /** They are part of an app now. */
  keep(digests: Iterable<Digest>): void {
    for (const digest of digests) this.#forget(digest);
  }

  /** An app had them; what none has now stays while there is room. */
  async release(digests: Iterable<Digest>, used: (digest: Digest) => boolean): Promise<void> {
    for (const digest of new Set(digests)) {
      if (used(digest)) continue;
      const found = await stat(this.#path(digest)).catch(() => undefined);
      if (found) await this.#addLoose(digest, found.size);
    }
  }

  /** Removes what an earlier process left and nobody uses. */
  async collect(used: (digest: Digest) => boolean): Promise<void> {
    for (const name of await readdir(this.#folder)) if (DIGEST.test(name) && !used(name)) await removeDurably(this.#path(name));
  }

  async #addLoose(digest: Digest, bytes: number): Promise<void> {
    this.#forget(digest);
    this.#loose.set(digest, bytes);
    this.#looseBytes += bytes;
    for (const oldest of this.#loose.keys()) {
      if (this.#looseBytes <= this.#maxLooseBytes || oldest === digest) break;
      this.#forget(oldest);
      await this.#drop(oldest);
    }
  }

  async #drop(digest: Digest): Promise<void> {
    this.#leaving.add(digest);
    try {
      await removeDurably(this.#path(digest));
    } finally {
      this.#leaving.delete(digest);
    }
  }

  #forget(digest: Digest): void {
    this.#looseBytes -= this.#loose.get(digest) ?? 0;
    this.#loose.delete(digest);
  }

  #path(digest: Digest): string {
    return join(this.#folder, digest);
  }
}
