/**
 * What is deployed, on disk: `apps/<app>.json` and `artifacts/<sha256>`. An app's record is replaced by one rename, and only
 * after everything it names is there: at any moment the folder holds the app's old version or its new one, whole.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { WeftError } from '../model/errors.ts';
import { Artifacts, MAX_LOOSE_BYTES } from './artifacts.ts';
import { lockDataFolder } from './data-lock.ts';
import type { Digest } from './digest.ts';
import { removeDurably, unusable, writeDurably } from './durable.ts';
import { type AppRecord, digestsOf, recordSchema } from './record.ts';

const RECORD = '.json';
const FOLDER_MODE = 0o700;

export interface RegistryOptions {
  /** Of artifacts that no app has, kept for who may want them soon. */
  readonly maxLooseBytes?: number;
}

export class Registry implements Disposable {
  /** Records that cannot be read; their files are left as they are. */
  readonly damaged: readonly WeftError[];
  readonly #folders: Folders;
  readonly #lock: Disposable;
  readonly #artifacts: Artifacts;
  readonly #apps: Map<string, AppRecord>;
  /** Everything that an app names. */
  #used: ReadonlySet<Digest>;

  /** Takes the folder for this process. @throws WeftError WEFT_DATA_IN_USE, WEFT_FILE */
  static async open(dataDir: string, { maxLooseBytes = MAX_LOOSE_BYTES }: RegistryOptions = {}): Promise<Registry> {
    const folders = await makeFolders(dataDir);
    const lock = lockDataFolder(dataDir);
    try {
      const read = await readRecords(folders.apps);
      const registry = new Registry(folders, lock, read, maxLooseBytes);
      await registry.#collect();
      return registry;
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(folders: Folders, lock: Disposable, { records, damaged }: ReadRecords, maxLooseBytes: number) {
    this.#folders = folders;
    this.#lock = lock;
    this.#artifacts = new Artifacts(folders.artifacts, folders.scratch, maxLooseBytes);
    this.#apps = new Map(records.map((record) => [record.app, record]));
    this.#used = digestsOfAll(records);
    this.damaged = damaged;
  }

  get apps(): ReadonlyMap<string, AppRecord> {
    return this.#apps;
  }

  hasArtifact(digest: Digest): Promise<boolean> {
    return this.#artifacts.has(digest);
  }

  /** Kept when this returns, for as long as an app has it; for a while when none does. @throws WeftError WEFT_FILE */
  putArtifact(content: Uint8Array): Promise<Digest> {
    return this.#artifacts.put(content, this.#uses);
  }

  /** @throws WeftError WEFT_ARTIFACT_MISSING, WEFT_DATA_DAMAGED */
  readArtifact(digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
    return this.#artifacts.read(digest);
  }

  /** Path of a copy that can be executed; it stays until the next start. @throws WeftError WEFT_ARTIFACT_MISSING, WEFT_DATA_DAMAGED, WEFT_FILE */
  async placeProgram(digest: Digest): Promise<string> {
    const path = join(this.#folders.programs, digest);
    const content = await this.readArtifact(digest);
    const there = await stat(path).catch(() => undefined);
    if (there?.size === content.length) return path;
    // A program that runs cannot be written to; it can be replaced. Several functions may be of one program, placed at once.
    const unfinished = `${path}.${randomUUID()}`;
    try {
      await writeFile(unfinished, content, { mode: 0o555 });
      await rename(unfinished, path);
    } catch (cause) {
      // On a full disk the half of it would keep everything else from being written.
      await rm(unfinished, { force: true }).catch(() => {});
      throw unusable(path, cause);
    }
    return path;
  }

  /**
   * Kept when this returns; what it names was put before.
   * @throws WeftError WEFT_FILE, WEFT_ARTIFACT_MISSING: the record before is still there then
   */
  async save(record: AppRecord): Promise<void> {
    const before = this.#apps.get(record.app);
    await this.#write(record);
    this.#apps.set(record.app, record);
    this.#used = digestsOfAll(this.#apps.values());
    this.#artifacts.keep(digestsOf(record));
    if (before) await this.#release(before);
  }

  async remove(app: string): Promise<void> {
    const before = this.#apps.get(app);
    await removeDurably(this.#path(app));
    this.#apps.delete(app);
    this.#used = digestsOfAll(this.#apps.values());
    if (before) await this.#release(before);
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }

  /** A deploy may take long enough for what it names to leave before others that are newer: a record must not name what is gone. */
  async #write(record: AppRecord): Promise<void> {
    this.#artifacts.keep(digestsOf(record));
    try {
      await this.#artifacts.mustHave(digestsOf(record));
      await writeDurably(this.#path(record.app), `${JSON.stringify(record, undefined, 1)}\n`, this.#folders.scratch);
    } catch (error) {
      await this.#release(record);
      throw error;
    }
  }

  /** The change is made by now: what cannot be cleaned up is collected at the next start. */
  async #release(record: AppRecord): Promise<void> {
    await this.#artifacts.release(digestsOf(record), this.#uses).catch(() => {});
  }

  async #collect(): Promise<void> {
    for (const folder of [this.#folders.scratch, this.#folders.programs]) {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    }
    // What a damaged record names is needed when somebody mends it.
    if (this.damaged.length === 0) await this.#artifacts.collect(this.#uses);
  }

  readonly #uses = (digest: Digest): boolean => this.#used.has(digest);

  #path(app: string): string {
    return join(this.#folders.apps, fileOf(app));
  }
}

interface Folders {
  readonly apps: string;
  readonly artifacts: string;
  readonly scratch: string;
  readonly programs: string;
}

interface ReadRecords {
  readonly records: readonly AppRecord[];
  readonly damaged: readonly WeftError[];
}

function digestsOfAll(records: Iterable<AppRecord>): Set<Digest> {
  return new Set([...records].flatMap(digestsOf));
}

async function makeFolders(dataDir: string): Promise<Folders> {
  const folders = {
    apps: join(dataDir, 'apps'),
    artifacts: join(dataDir, 'artifacts'),
    scratch: join(dataDir, 'scratch'),
    programs: join(dataDir, 'programs'),
  };
  try {
    for (const folder of [dataDir, ...Object.values(folders)]) await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  } catch (cause) {
    throw unusable(dataDir, cause);
  }
  return folders;
}

async function readRecords(folder: string): Promise<ReadRecords> {
  const records: AppRecord[] = [];
  const damaged: WeftError[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    if (!name.endsWith(RECORD)) continue;
    try {
      records.push(await readRecord(join(folder, name)));
    } catch (error) {
      damaged.push(error instanceof WeftError ? error : unusable(join(folder, name), error));
    }
  }
  return { records, damaged };
}

async function readRecord(path: string): Promise<AppRecord> {
  const damaged = (reason: string, cause?: unknown): WeftError => new WeftError('WEFT_DATA_DAMAGED', { path, reason }, { cause });
  const text = await readFile(path, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    // The parser's own message quotes the text, which may hold secrets.
    throw damaged('it is not JSON', cause);
  }
  const record = recordSchema.safeParse(json);
  if (!record.success) throw damaged(z.prettifyError(record.error).replaceAll('\n', ' '), record.error);
  if (fileOf(record.data.app) !== basename(path)) throw damaged(`it is the record of the app "${record.data.app}"`);
  return record.data;
}

/** Names that differ only in case get different files where the file system does not tell them apart. */
function fileOf(app: string): string {
  return `${app.replaceAll(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`)}${RECORD}`;
}
