/** `weft deploy`: built here, served by a platform that runs. */
import type { ToolchainChoice } from '../toolchain/index.ts';
import { adminClient } from './admin.ts';
import { buildApps } from './build.ts';
import type { Remote } from './options.ts';
import { loadSomeApps } from './project.ts';
import type { Terminal } from './terminal.ts';

export interface DeployOptions extends Remote {
  readonly toolchain: ToolchainChoice;
}

export async function deploy(terminal: Terminal, paths: readonly string[], options: DeployOptions): Promise<void> {
  const client = await adminClient(options);
  const built = await buildApps(terminal, await loadSomeApps(paths), options.toolchain);
  for (const { bundle } of built) {
    const { app, version, changed } = await client.deploy(bundle);
    terminal.data({ app, version, changed }, `${app}: version ${version}${changed ? '' : ', as it was'}`);
  }
}
