/**
 * A platform that deploys one version after the other, as fast as it can, until it is killed. What it begins it says
 * ("? <app> <letter>"), and again what was acknowledged ("<app> <letter>"); "-" is the app's removal.
 * Usage: deployer.ts <data folder> <folder of A.wasm, B.wasm …> <where in the sequence to begin>
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { startPlatform } from '../../src/gateway/platform.ts';
import { bundle } from './bundles.ts';

const [, , dataDir = '', modules = '', from = '0'] = process.argv;
const versions = readdirSync(modules).map((file) => ({ letter: basename(file, '.wasm'), wasm: readFileSync(join(modules, file)) }));
const platform = await startPlatform({ host: '127.0.0.1', port: 0, threads: 1, dataDir });
for (let at = Number(from); ; at++) {
  const app = `app-${at % 3}`;
  const version = at % 7 === 6 ? undefined : versions[at % versions.length];
  const next = version?.letter ?? '-';
  process.stdout.write(`? ${app} ${next}\n`);
  if (version) await platform.deploy(bundle(app, { [app]: version.wasm }));
  else await platform.remove(app).catch(() => {}); // it may not be there
  process.stdout.write(`${app} ${next}\n`);
}
