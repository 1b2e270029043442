/**
 * Nightcore's func_config.json → App. Its functions know each other by name and trust each other, so they are one app and one
 * merge group. As a Nightcore worker lives on from call to call, so do a function's globals and heap here.
 *
 * Nightcore's launcher is told each function's library on its command line; here the sources beside the file are taken by name.
 */
import { readdir, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import * as z from 'zod';
import type { App, FunctionSpec } from '../model/app.ts';
import { SOURCE_EXTENSIONS } from './build.ts';
import { ManifestDocument, type Path } from './document.ts';
import { nightcoreOptions, WARM } from './function.ts';
import { Mistakes } from './mistakes.ts';
import { nameFromPath } from './names.ts';
import { didYouMean, quote } from './nearest.ts';
import { checkShape } from './shape.ts';
import { plainFunction } from './single-source.ts';

/** More would only take memory: contexts are made in microseconds when they are needed. */
const MOST_WARM = 64;

/** As src/common/func_config.cpp of Nightcore has it; other fields are ignored, there as here. */
const entryShape = z.looseObject({
  funcName: z.string().regex(/^[0-9A-Za-z]{1,63}$/, 'cannot be a function: up to 63 letters and digits'),
  funcId: z.int().min(1).max(255),
  minWorkers: z.int().optional(),
  maxWorkers: z.int().optional(),
  allowHttpGet: z.boolean().optional(),
  qsAsInput: z.boolean().optional(),
});
const configShape = z.array(entryShape).min(1);
type Entry = z.infer<typeof entryShape>;

export async function parseNightcoreConfig(text: string, path: string, shown: string): Promise<App> {
  const mistakes = new Mistakes(shown);
  const document = new ManifestDocument(text, mistakes);
  refuseWhatIsNotJson(text, document, mistakes);
  refuseGrpc(document, mistakes);
  checkShape(document, configShape, mistakes);
  mistakes.check();
  const entries = configShape.parse(document.value);
  const report = (at: Path, message: string): void => mistakes.add(document.place(at), message);
  checkUnique(entries, 'funcName', report);
  checkUnique(entries, 'funcId', report);
  const dir = dirname(path);
  const sources = await Sources.in(dir);
  const functions: FunctionSpec[] = [];
  for (const [at, entry] of entries.entries())
    functions.push(describe(entry, await sources.of(entry.funcName, (message) => report([at, 'funcName'], message))));
  mistakes.check();
  const names = functions.map((fn) => fn.name);
  return { name: nameFromPath(dir), functions, merge: names.length > 1 ? [names] : [], dir };
}

function describe(entry: Entry, sources: readonly string[]): FunctionSpec {
  const { minWorkers } = entry;
  return {
    ...plainFunction(entry.funcName, 'nightcore', sources),
    rollback: 'never',
    // maxWorkers is no limit of requests: Nightcore lets them queue, and so does a context that is busy.
    warm: minWorkers === undefined || minWorkers < 0 ? WARM : Math.min(minWorkers, MOST_WARM),
    nightcore: nightcoreOptions(entry),
  };
}

/** YAML is more than JSON; Nightcore itself reads JSON only, and the file should go on working there. */
function refuseWhatIsNotJson(text: string, document: ManifestDocument, mistakes: Mistakes): void {
  try {
    JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const place = document.placeOf(faultIn(text, message) ?? 0);
    mistakes.add(place, `not valid JSON: ${message.replace(/ in JSON at position.*/, '')}`);
    mistakes.check();
  }
}

/** V8 tells the position, or a piece of the text around the fault with ten characters before it. */
function faultIn(text: string, message: string): number | undefined {
  const [, position] = / at position (\d+)/.exec(message) ?? [];
  if (position !== undefined) return Number(position);
  const [, piece = ''] = /^Unexpected token .*?, \.\.\."([^]*)"(?:\.\.\.)? is not valid JSON$/u.exec(message) ?? [];
  const at = text.indexOf(piece);
  return piece !== '' && at === text.lastIndexOf(piece) ? at + 10 : undefined;
}

/** Told before the shape is looked at, which knows names only. */
function refuseGrpc(document: ManifestDocument, mistakes: Mistakes): void {
  if (!Array.isArray(document.value)) return;
  for (const at of document.value.keys()) {
    const name = document.valueAt([at, 'funcName']);
    if (typeof name !== 'string' || !name.startsWith('grpc:')) continue;
    mistakes.add(
      document.place([at, 'funcName']),
      `${quote(name)}: gRPC services are not for C and C++, whose interface does not tell the method`,
    );
  }
  mistakes.check();
}

function checkUnique(entries: readonly Entry[], key: 'funcName' | 'funcId', report: (at: Path, message: string) => void): void {
  const seen = new Set<string | number>();
  for (const [at, entry] of entries.entries()) {
    if (seen.has(entry[key])) report([at, key], `${key} ${JSON.stringify(entry[key])} is here twice`);
    seen.add(entry[key]);
  }
}

/** Foo is `foo.c` (or another C or C++ file of that name, in any case, `lib` before it or not), or all sources in the folder `foo`. */
class Sources {
  readonly #dir: string;
  readonly #names: readonly string[];

  private constructor(dir: string, names: readonly string[]) {
    this.#dir = dir;
    this.#names = names;
  }

  static async in(dir: string): Promise<Sources> {
    return new Sources(dir, (await readdir(dir)).toSorted());
  }

  async of(name: string, report: (message: string) => void): Promise<readonly string[]> {
    const wanted = name.toLowerCase();
    const files = this.#names.filter((file) => isSource(file) && stem(file).toLowerCase() === wanted);
    const exact = files.filter((file) => stem(file) === name);
    const meant = exact.length === 1 ? exact : files;
    const folders = meant.length > 0 ? [] : await this.#folders(wanted);
    if (meant.length + folders.length === 1) return [...meant.map((file) => join(this.#dir, file)), ...(await sourcesIn(folders, report))];
    const found = [...meant, ...folders];
    report(found.length > 1 ? `${name} could be built from ${found.join(' or ')}` : this.#missing(name));
    return [];
  }

  async #folders(wanted: string): Promise<string[]> {
    const found: string[] = [];
    for (const name of this.#names.filter((one) => one.toLowerCase() === wanted)) {
      const path = join(this.#dir, name);
      if ((await stat(path)).isDirectory()) found.push(path);
    }
    return found;
  }

  #missing(name: string): string {
    const meant = didYouMean(`${name.toLowerCase()}.c`, this.#names.filter(isSource));
    return `there is no source for ${name}: ${name.toLowerCase()}.c, another C or C++ file of that name, or a folder ${name.toLowerCase()}/ with its sources${meant}`;
  }
}

async function sourcesIn(folders: readonly string[], report: (message: string) => void): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const names = (await readdir(folder)).filter(isSource).toSorted();
    if (names.length === 0) report(`the folder ${quote(folder)} has no C or C++ source in it`);
    found.push(...names.map((name) => join(folder, name)));
  }
  return found;
}

function isSource(file: string): boolean {
  return SOURCE_EXTENSIONS.includes(extname(file));
}

function stem(file: string): string {
  return file.slice(0, -extname(file).length);
}
