/**
 * The house rule of src/: lower never imports higher, by value or by type; and no files import each other's values in a
 * circle (types of one folder may lean on each other: they are gone at run time).
 * Usage: node scripts/check-layers.ts [folder, src by default]
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Low to high. */
export const LAYERS = ['model', 'manifest', 'toolchain', 'registry', 'engine', 'drivers', 'contracts', 'gateway', 'cli'] as const;

interface Import {
  readonly target: string;
  readonly kind: 'value' | 'type';
}

/** Path inside src (with slashes) → what it imports. */
export type ImportGraph = ReadonlyMap<string, readonly Import[]>;

const STATEMENT = /^\s*(?:import|export)\b(\s+type\b)?(?:[^;'"]*?\bfrom)?\s*['"](\.[^'"]+)['"]/gm;
/** In a type position, or deferred to when it is called: it closes no circle at load time. */
const CALL = /\bimport\(\s*['"](\.[^'"]+)['"]/g;

export function importsOf(path: string, source: string): Import[] {
  const at = (target: string | undefined): string => posix.join(posix.dirname(path), target ?? '');
  const statements = [...source.matchAll(STATEMENT)].map(
    (m) => ({ target: at(m[2]), kind: m[1] === undefined ? 'value' : 'type' }) as const,
  );
  const calls = [...source.matchAll(CALL)].map((m) => ({ target: at(m[1]), kind: 'type' }) as const);
  return [...statements, ...calls];
}

export async function readImports(folder: string): Promise<ImportGraph> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts')).map((entry) => join(entry.parentPath, entry.name));
  const graph = new Map<string, Import[]>();
  for (const path of paths.toSorted()) {
    const inside = relative(folder, path).replaceAll('\\', '/');
    graph.set(inside, importsOf(inside, await readFile(path, 'utf8')));
  }
  return graph;
}

export function layerViolations(graph: ImportGraph): string[] {
  const known = LAYERS.join(' < ');
  return [...graph].flatMap(([path, imports]) => {
    const level = levelOf(path);
    if (level < 0) return [`${path}: its folder is no layer; layers are ${known}`];
    return imports.filter(({ target }) => isAbove(target, level)).map(({ target }) => `${path} imports ${target}; layers are ${known}`);
  });
}

/** Imports that leave src (the repository's scripts, say) are above everything. */
function isAbove(target: string, level: number): boolean {
  return target.startsWith('../') || levelOf(target) > level;
}

function levelOf(path: string): number {
  return LAYERS.findIndex((layer) => path.startsWith(`${layer}/`));
}

/** One line for each way back that a depth-first search finds. */
export function importCycles(graph: ImportGraph): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) cycles.push(`import cycle: ${[...way.slice(at), path].join(' → ')}`);
    if (at >= 0 || done.has(path)) return;
    for (const { target, kind } of graph.get(path) ?? []) if (kind === 'value') visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(dirname(dirname(fileURLToPath(import.meta.url))), 'src');
  const graph = await readImports(folder);
  const problems = [...layerViolations(graph), ...importCycles(graph)];
  for (const problem of problems) console.log(problem);
  console.log(`${graph.size} files, ${problems.length} problems`);
  process.exitCode = graph.size === 0 || problems.length > 0 ? 1 : 0;
}
