/** An app with a function for each cell of the matrix, from its folder as a user has it. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { bundleApp } from '../../../src/cli/bundle.ts';
import { loadApp } from '../../../src/manifest/index.ts';
import type { AppBundle } from '../../../src/model/app.ts';
import type { Builder } from '../../../src/toolchain/index.ts';
import type { TestEngine } from '../../container/engine.ts';
import { type Cell, nameOf } from './cells.ts';

/** Long enough for a start on a machine with much to do, short enough to wait for. */
const DEADLINE: Readonly<Record<Cell['isolation'], string>> = { context: '2s', process: '3s', container: '8s' };

/** Its images, in that engine. */
export async function matrixImages(cells: readonly Cell[], engine: TestEngine): Promise<void> {
  const images = cells.filter(({ isolation }) => isolation === 'container');
  await Promise.all(images.map((cell) => engine.makeImage(nameOf(cell), ['gcc', join(import.meta.dirname, `${cell.contract}.c`)])));
}

export async function matrixApp(cells: readonly Cell[], builder: Builder): Promise<AppBundle> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-matrix-'));
  try {
    await cp(import.meta.dirname, folder, { recursive: true });
    const functions = Object.fromEntries(cells.map((cell) => [nameOf(cell), describe(cell)]));
    // What cells call: it has no deadline of its own to share.
    const other = { contract: 'nightcore', sources: ['nightcore.c'] };
    await writeFile(join(folder, 'weft.yaml'), stringify({ app: 'matrix', functions: { ...functions, other } }));
    return (await bundleApp(await loadApp(folder), { builder })).bundle;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function describe(cell: Cell): object {
  const { contract, isolation } = cell;
  if (isolation === 'container') {
    return { contract, image: nameOf(cell), limits: { deadline: DEADLINE[isolation] }, ...(contract === 'http' ? { listen: 8080 } : {}) };
  }
  return {
    contract,
    ...(isolation === 'context' ? {} : { isolation }),
    sources: [`${contract}.c`],
    limits: { deadline: DEADLINE[isolation] },
    ...(contract === 'http' ? { flags: ['-pthread'], linkFlags: ['-pthread'] } : {}),
  };
}
