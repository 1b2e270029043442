/** Changes to what is deployed: each whole or not at all, one after the other, kept before it is acknowledged. */
import { isDeepStrictEqual } from 'node:util';
import type { AppBundle } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import type { AppContent, AppRecord } from '../registry/record.ts';
import type { Registry } from '../registry/registry.ts';
import { checkApp } from './app-rules.ts';
import { type LiveApp, loadVersion, type ReadArtifact } from './app-version.ts';
import type { Threads } from './threads.ts';
import type { Turn } from './turn.ts';

export interface Deployed {
  readonly app: string;
  readonly version: number;
  /** False: that very content was served already. */
  readonly changed: boolean;
}

export interface DeploymentsParts {
  readonly registry: Registry;
  readonly threads: Threads;
  readonly turn: Turn;
  /** What is served; nobody else changes it. */
  readonly live: Map<string, LiveApp>;
}

export class Deployments {
  /** Apps of the registry that could not be served, and why. */
  readonly broken = new Map<string, WeftError>();
  readonly #parts: DeploymentsParts;
  /** Versions of apps that are gone, and of some that never were, had numbers up to here. */
  #floor = 0;

  constructor(parts: DeploymentsParts) {
    this.#parts = parts;
  }

  /** Serves what the registry holds. What cannot be served is in `broken` afterwards. */
  async restore(): Promise<void> {
    for (const record of this.#parts.registry.apps.values()) {
      await this.#parts.turn.run(() => this.#restoreApp(record)).catch((error: unknown) => this.broken.set(record.app, asWeftError(error)));
    }
  }

  /** @throws WeftError: nothing has changed then */
  deploy(bundle: AppBundle): Promise<Deployed> {
    return this.#parts.turn.run(async () => {
      const { content, given } = await this.#upload(bundle);
      return this.#install(bundle.app, content, async (digest) => given.get(digest) ?? this.#parts.registry.readArtifact(digest));
    });
  }

  /**
   * Changes an app whose modules and files are uploaded; `change` gets what is deployed, and gives what shall be, or nothing
   * to remove the app. @throws WeftError, also what `change` throws: nothing has changed then
   */
  change(app: string, change: (before: AppRecord | undefined) => Promise<AppContent | undefined>): Promise<Deployed> {
    const { registry, turn } = this.#parts;
    return turn.run(async () => {
      const before = registry.apps.get(app);
      const content = await change(before);
      if (content) return this.#install(app, content, (digest) => registry.readArtifact(digest));
      await this.#remove(app);
      return { app, version: before?.version ?? 0, changed: true };
    });
  }

  /** @throws WeftError WEFT_APP_NOT_FOUND */
  remove(app: string): Promise<void> {
    return this.#parts.turn.run(() => this.#remove(app));
  }

  async #upload(bundle: AppBundle): Promise<{ content: AppContent; given: Map<string, Uint8Array<ArrayBuffer>> }> {
    const given = new Map<string, Uint8Array<ArrayBuffer>>();
    const put = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
      const digest = await this.#parts.registry.putArtifact(bytes);
      given.set(digest, bytes);
      return digest;
    };
    const functions: AppContent['functions'] = [];
    checkApp(bundle.app, withoutArtifacts(bundle), this.#parts.registry.apps.values());
    for (const { settings, wasm, executable, files, labels = {}, annotations = {} } of bundle.functions) {
      const packed: Record<string, string> = {};
      for (const [path, bytes] of Object.entries(files)) packed[path] = await put(bytes);
      functions.push({
        settings: mutable(settings),
        ...(wasm ? { wasm: await put(wasm) } : {}),
        ...(executable ? { executable: await put(executable) } : {}),
        files: packed,
        labels: { ...labels },
        annotations: { ...annotations },
      });
    }
    return { content: { functions, merge: mutable(bundle.merge) }, given };
  }

  async #install(app: string, content: AppContent, read: ReadArtifact): Promise<Deployed> {
    const { registry, threads, live } = this.#parts;
    checkApp(app, content, registry.apps.values());
    const before = live.get(app);
    if (before && isSame(before.record, content)) return { app, version: before.record.version, changed: false };
    const version = this.#nextVersion(app, before);
    const next = await loadVersion({ app, version, content, read, placeProgram: (digest) => registry.placeProgram(digest), before });
    const record: AppRecord = { format: 1, app, version, deployedAt: Date.now(), ...content };
    try {
      await threads.deploy(next, before?.version);
      await this.#save(record, before);
    } catch (error) {
      this.#floor = before ? this.#floor : version;
      throw error;
    }
    live.set(app, { record, version: next, attempted: version });
    this.broken.delete(app);
    return { app, version, changed: true };
  }

  async #save(record: AppRecord, before: LiveApp | undefined): Promise<void> {
    try {
      await this.#parts.registry.save(record);
    } catch (error) {
      await this.#parts.threads.restore(record.app, before?.version);
      throw error;
    }
  }

  async #remove(app: string): Promise<void> {
    const { registry, threads, live } = this.#parts;
    const record = registry.apps.get(app);
    if (!record) throw new WeftError('WEFT_APP_NOT_FOUND', { app });
    await registry.remove(app);
    threads.remove(app);
    this.#floor = Math.max(this.#floor, record.version, live.get(app)?.attempted ?? 0);
    live.delete(app);
    this.broken.delete(app);
  }

  async #restoreApp(record: AppRecord): Promise<void> {
    const { registry, threads, live } = this.#parts;
    const { app, version } = record;
    const next = await loadVersion({
      app,
      version,
      content: record,
      read: (digest) => registry.readArtifact(digest),
      placeProgram: (digest) => registry.placeProgram(digest),
      before: undefined,
    });
    await threads.deploy(next, undefined);
    live.set(app, { record, version: next, attempted: version });
  }

  /** Also for what is refused: a thread may have served it already, and calls between threads name a version by its number. */
  #nextVersion(app: string, before: LiveApp | undefined): number {
    if (before) return ++before.attempted;
    return Math.max(this.#floor, this.#parts.registry.apps.get(app)?.version ?? 0) + 1;
  }
}

function isSame(record: AppRecord, { functions, merge }: AppContent): boolean {
  return isDeepStrictEqual({ functions: record.functions, merge: record.merge }, { functions, merge });
}

/** Enough to see whether the names will do, before anything is written. */
function withoutArtifacts({ functions, merge }: AppBundle): AppContent {
  const named = functions.map(({ settings }) => ({ settings: mutable(settings), files: {}, labels: {}, annotations: {} }));
  return { functions: named, merge: mutable(merge) };
}

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

/** A copy that nobody else has: what is kept must not change under us. */
function mutable<T>(value: T): Mutable<T> {
  return structuredClone(value) as Mutable<T>; // the copy is ours to change
}

function asWeftError(error: unknown): WeftError {
  return error instanceof WeftError ? error : new WeftError('WEFT_INTERNAL', { reason: String(error) }, { cause: error });
}
