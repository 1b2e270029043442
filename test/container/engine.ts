/** A container engine for tests: Debian's dockerd with sockets, data, bridge and images of its own, of which nothing is left. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const NEEDED = ['dockerd', 'gcc', 'ip', 'tar', 'setpriv', 'umount'];
const START_MS = 30_000;

export interface EngineOptions {
  /** Folder with ca.pem, server-cert.pem and server-key.pem: it listens at a TCP port too, for who has a certificate of that CA. */
  readonly tls?: string;
}

/** Why there can be no engine on this machine; nothing when there can. */
function missing(): string | undefined {
  if (process.platform !== 'linux') return 'dockerd runs on Linux only';
  if (process.getuid?.() !== 0) return 'dockerd needs to be started by root';
  const folders = (process.env['PATH'] ?? '').split(':');
  const absent = NEEDED.filter((program) => !folders.some((folder) => isProgram(join(folder, program))));
  return absent.length > 0 ? `not installed: ${absent.join(', ')}; on Debian: apt-get install docker.io gcc libc6-dev iproute2` : undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns the engine, or why there is none here. In CI there must be one. */
export async function startEngine(options: EngineOptions = {}): Promise<TestEngine | string> {
  const reason = missing();
  if (reason !== undefined) return insist(reason);
  const folder = await mkdtemp(join(tmpdir(), 'weft-dockerd-'));
  const engine = new TestEngine(folder);
  try {
    await engine.start(options);
    return engine;
  } catch (cause) {
    await engine.stop();
    return insist(`dockerd does not start: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** An engine for a file of tests, and `test` for those that need it: where there is none they are skipped, each with the reason. */
export async function testsWithEngine(options: EngineOptions | string = {}): Promise<TestsWithEngine> {
  const engine = typeof options === 'string' ? insist(options) : await startEngine(options);
  const there = typeof engine !== 'string';
  if (there) after(() => engine.stop());
  return {
    engine: there ? engine : new TestEngine('/nowhere'),
    test: (name, body) => void test(name, { skip: there ? false : engine }, body),
  };
}

export interface TestsWithEngine {
  readonly engine: TestEngine;
  readonly test: (name: string, body: () => Promise<void>) => void;
}

function insist(reason: string): string {
  if (process.env['WEFT_TEST_REQUIRE_ALL'] === '1') throw new Error(reason);
  return reason;
}

export class TestEngine {
  /** What leads to it: DOCKER_HOST, and no settings of this machine's user. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly socket: string;
  readonly tlsPort = 20_000 + randomInt(20_000);
  readonly #bridge = `weft${randomInt(0x100_0000).toString(16)}`;
  #daemon: ChildProcess | undefined;
  #said = '';

  constructor(folder: string) {
    this.folder = folder;
    this.socket = join(folder, 'docker.sock');
    this.env = { DOCKER_HOST: `unix://${this.socket}`, DOCKER_CONFIG: join(folder, 'config'), PATH: process.env['PATH'] ?? '' };
  }

  async start({ tls }: EngineOptions): Promise<void> {
    const { folder } = this;
    // A bridge of its own, and no rules in the machine's packet filter, which dockerd would leave behind.
    await run('ip', ['link', 'add', this.#bridge, 'type', 'bridge']);
    await run('ip', ['address', 'add', `10.${100 + randomInt(100)}.${randomInt(256)}.1/24`, 'dev', this.#bridge]);
    await run('ip', ['link', 'set', this.#bridge, 'up']);
    const options = [
      ['--host', `unix://${this.socket}`],
      ['--data-root', join(folder, 'data')],
      ['--exec-root', join(folder, 'exec')],
      ['--pidfile', join(folder, 'pid')],
      ['--bridge', this.#bridge],
      ['--iptables=false', '--ip6tables=false', '--ip-masq=false', '--ip-forward=false'],
      tls === undefined ? [] : ['--host', `tcp://127.0.0.1:${this.tlsPort}`, '--tlsverify'],
      tls === undefined
        ? []
        : ['--tlscacert', join(tls, 'ca.pem'), '--tlscert', join(tls, 'server-cert.pem'), '--tlskey', join(tls, 'server-key.pem')],
    ].flat();
    // It ends with this process, however that ends.
    this.#daemon = spawn('setpriv', ['--pdeathsig', 'TERM', 'dockerd', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#daemon.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said = (this.#said + text).slice(-4000)));
    await this.#answers();
    await this.#makeImages();
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon && daemon.exitCode === null && daemon.signalCode === null) {
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
    }
    const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').flatMap((line) => line.split(' ')[1] ?? []);
    for (const mount of mounts.filter((path) => path.startsWith(`${this.folder}/`)).toReversed()) await run('umount', ['--lazy', mount]);
    await run('ip', ['link', 'delete', this.#bridge]).catch(() => {}); // it may not have come so far
    await rm(this.folder, { recursive: true, force: true });
  }

  /** An answer of its API, parsed. */
  async api(method: string, path: string, body?: NodeJS.ReadableStream): Promise<unknown> {
    const sent = request({ socketPath: this.socket, method, path, ...(body && { headers: { 'content-type': 'application/x-tar' } }) });
    if (body) body.pipe(sent);
    else sent.end();
    const [answer] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
    const text = (await answer.setEncoding('utf8').toArray()).join('');
    if ((answer.statusCode ?? 0) >= 400 || text.includes('"error"')) throw new Error(`${method} ${path}: ${text}`);
    return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text.split('\n')[0] ?? '') : text;
  }

  /** What it has of containers, running or not. */
  async containers(): Promise<{ readonly Id: string; readonly State: string; readonly Labels: Readonly<Record<string, string>> }[]> {
    return (await this.api('GET', '/containers/json?all=1')) as Awaited<ReturnType<TestEngine['containers']>>;
  }

  async #answers(): Promise<void> {
    const until = performance.now() + START_MS;
    for (;;) {
      const ready = await this.api('GET', '/_ping').catch(() => undefined);
      if (ready === 'OK') return;
      if (this.#daemon?.exitCode !== null || performance.now() > until) throw new Error(this.#said.trim().split('\n').at(-1));
      await delay(50);
    }
  }

  async #makeImages(): Promise<void> {
    await this.makeImage('weft-guest', ['gcc', join(import.meta.dirname, 'guest.c')], ['ENV GREETING=hello']);
  }

  /** An image that is one static program. From scratch: no registry can be reached, and none is needed. */
  async makeImage(repo: string, [compiler = 'gcc', ...sources]: readonly string[], more: readonly string[] = []): Promise<void> {
    const root = join(this.folder, repo);
    await run('mkdir', ['-p', '-m', '1777', join(root, 'tmp')]);
    await run(compiler, ['-static', '-O1', '-pthread', '-o', join(root, 'guest'), ...sources]);
    const changes = new URLSearchParams({ fromSrc: '-', repo, tag: 'latest' });
    for (const change of ['ENTRYPOINT ["/guest"]', ...more]) changes.append('changes', change);
    const packed = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await this.api('POST', `/images/create?${changes.toString()}`, packed.stdout);
  }
}
