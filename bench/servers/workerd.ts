/** workerd with workers that run the very module that Weft hosts, before Weft's own rewriting: the same C code, hosted by JavaScript. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Side, start, stop } from '../lib/processes.ts';
import { freePort, type Server, untilItAnswers } from './server.ts';

export interface WorkerdWorker {
  readonly name: string;
  /** ES module; may import "guest.wasm". */
  readonly script: string;
  readonly module?: Uint8Array;
  /** Workers it is bound to, by name. */
  readonly services?: readonly string[];
}

const BINARY = join(
  import.meta.dirname,
  '../node_modules/@cloudflare',
  `workerd-${process.platform}-${arch() === 'x64' ? '64' : arch()}/bin/workerd`,
);

export const hasWorkerd = (): boolean => existsSync(BINARY);

/** The first worker is the one that listens. */
export async function startWorkerd(workers: readonly WorkerdWorker[], side: Side = 'server'): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const port = await freePort();
  for (const { name, script, module } of workers) {
    writeFileSync(join(dir, `${name}.js`), script);
    if (module) writeFileSync(join(dir, `${name}.wasm`), module);
  }
  writeFileSync(join(dir, 'config.capnp'), configuration(workers, port));
  const child = start(side, [BINARY, 'serve', join(dir, 'config.capnp')]);
  const url = `http://127.0.0.1:${port}/`;
  await untilItAnswers(url);
  return {
    name: 'workerd',
    url,
    async close() {
      await stop(child);
      rmSync(dir, { recursive: true });
    },
  };
}

function configuration(workers: readonly WorkerdWorker[], port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ ${workers.map(({ name }) => `(name = "${name}", worker = .${name})`).join(', ')} ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "${workers[0]?.name}") ]
);
${workers.map(workerConfiguration).join('\n')}
`;
}

function workerConfiguration({ name, module, services = [] }: WorkerdWorker): string {
  const guest = module ? `, (name = "guest.wasm", wasm = embed "${name}.wasm")` : '';
  return `const ${name} :Workerd.Worker = (
  compatibilityDate = "2025-10-01",
  modules = [ (name = "main.js", esModule = embed "${name}.js")${guest} ],
  bindings = [ ${services.map((service) => `(name = "${service}", service = "${service}")`).join(', ')} ]
);`;
}
