/** An app with a function for each cell of the matrix, from its folder as a user has it. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { bundleApp } from '../../../src/cli/bundle.ts';
import { loadApp } from '../../../src/manifest/index.ts';
import type { AppBundle, ContractName } from '../../../src/model/app.ts';
import type { Builder } from '../../../src/toolchain/index.ts';
import type { TestEngine } from '../../container/engine.ts';
import { type Cell, nameOf } from './cells.ts';

/** Long enough for a start on a machine with much to do, short enough to wait for. */
const DEADLINE: Readonly<Record<Cell['isolation'], string>> = { context: '1s', process: '5s', container: '6s' };

const SDK = join(import.meta.dirname, '../../../sdk');
/** What an image needs beside its source. */
const IMAGE_FLAGS: Readonly<Partial<Record<ContractName, readonly string[]>>> = {
  fn: [`-I${SDK}/include`, `${SDK}/lib/contracts/fn-native.c`],
};

const sourceOf = (contract: ContractName): string => `${contract}.${contract === 'functions-framework' ? 'cpp' : 'c'}`;

/** Its images, in that engine. */
export async function matrixImages(cells: readonly Cell[], engine: TestEngine): Promise<void> {
  const images = cells.filter(({ isolation }) => isolation === 'container');
  await Promise.all(
    images.map((cell) =>
      engine.makeImage(nameOf(cell), ['gcc', join(import.meta.dirname, sourceOf(cell.contract)), ...(IMAGE_FLAGS[cell.contract] ?? [])]),
    ),
  );
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
    return {
      contract,
      image: nameOf(cell),
      idle: 'never',
      limits: { deadline: DEADLINE[isolation] },
      ...(contract === 'http' ? { listen: 8080 } : {}),
    };
  }
  return {
    contract,
    ...(isolation === 'context' ? {} : { isolation }),
    sources: [sourceOf(contract)],
    ...(contract === 'functions-framework' ? { target: 'Handle' } : {}),
    limits: { deadline: DEADLINE[isolation] },
    ...(contract === 'http' ? { flags: ['-pthread'], linkFlags: ['-pthread'] } : {}),
  };
}
