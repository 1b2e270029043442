/** An app with a function for each cell of the matrix, from its folder as a user has it. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { bundleApp } from '../../../src/cli/bundle.ts';
import { loadApp } from '../../../src/manifest/index.ts';
import type { AppBundle } from '../../../src/model/app.ts';
import type { Builder } from '../../../src/toolchain/index.ts';
import { type Cell, nameOf } from './cells.ts';

/** Long enough for a start on a machine with much to do, short enough to wait for. */
const DEADLINE_MS = 2000;

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

function describe({ contract, isolation }: Cell): object {
  return {
    contract,
    ...(isolation === 'context' ? {} : { isolation }),
    sources: [`${contract}.c`],
    limits: { deadline: `${DEADLINE_MS}ms` },
    ...(contract === 'http' ? { flags: ['-pthread'], linkFlags: ['-pthread'] } : {}),
  };
}
