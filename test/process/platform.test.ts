/** A whole platform with functions in processes: what is left of them when it is killed, and what it does where there is no sandbox. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { suite, test } from 'node:test';
import { temporaryFolders } from '../../src/drivers/memory-folder.ts';
import { type Running, until, Workshop } from '../cli/weft.ts';
import { cannotRun, Workbench } from './harness.ts';

/** Told to each program as an argument, so that it can be found among all processes of the machine. */
const mark = (workshop: Workshop): string => `mark-${workshop.folder.split('/').at(-1)}`;

async function makeApp(workshop: Workshop, bench: Workbench, sandbox = 'strict'): Promise<string> {
  const folder = workshop.path('app');
  await mkdir(folder);
  for (const name of ['probe', 'server']) await copyFile(await bench.build(name), join(folder, name));
  const manifest = [
    'app: app',
    'functions:',
    `  probe: { executable: probe, sandbox: ${sandbox}, args: [${mark(workshop)}] }`,
    `  server: { executable: server, contract: http, sandbox: ${sandbox}, args: [env, ${mark(workshop)}] }`,
  ];
  await writeFile(join(folder, 'weft.yaml'), `${manifest.join('\n')}\n`);
  return folder;
}

async function ask(up: Running, path: string, body = ''): Promise<string> {
  const answer = await fetch(`${up.url}/function/${path}`, { method: 'POST', body });
  return answer.text();
}

function survivors(workshop: Workshop): string[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(mark(workshop)) ? [line] : [];
    } catch {
      return [];
    }
  });
}

/** All programs of this machine but one. */
async function pathWithout(workshop: Workshop, program: string): Promise<string> {
  const folder = workshop.path('bin');
  await mkdir(folder);
  for (const from of (process.env['PATH'] ?? '').split(delimiter)) {
    if (!existsSync(from)) continue;
    for (const name of await readdir(from)) if (name !== program) await symlink(join(from, name), join(folder, name)).catch(() => {}); // an earlier one goes first
  }
  return folder;
}

suite('a platform with processes', { skip: cannotRun() }, () => {
  test('killed with -9, it leaves no process of any function; the next one removes what is on disk', async () => {
    await using bench = await Workbench.open();
    await using workshop = await Workshop.open();
    const folder = await makeApp(workshop, bench);
    const up = await workshop.up([folder]);
    assert.equal(await ask(up, 'server/echo', 'hello'), 'hello');
    assert.equal(await ask(up, 'probe', 'id'), '1000 1000\n');
    const hanging = [ask(up, 'probe', 'sleep'), ask(up, 'server/hang')].map((each) => each.catch(() => 'broken off'));
    await until(
      () => survivors(workshop).some((line) => line.startsWith('/function/program')),
      () => 'a function that runs',
    );
    await up.end('SIGKILL');
    assert.deepEqual(await Promise.all(hanging), ['broken off', 'broken off']);
    await until(
      () => survivors(workshop).length === 0,
      () => `the end of ${survivors(workshop).join('\n')}`,
    );
    const left = (): string[] =>
      temporaryFolders()
        .flatMap((parent) => readdirSync(parent))
        .filter((name) => new RegExp(`^weft-\\d+-${up.pid}-`).test(name));
    assert.ok(left().length > 0);
    const again = await workshop.up([folder]);
    assert.equal(await ask(again, 'probe', 'id'), '1000 1000\n');
    assert.deepEqual(left(), []);
    assert.equal((await again.end('SIGTERM')).code, 0);
    assert.deepEqual(survivors(workshop), []);
  });

  test('without bubblewrap a strict function is refused with how to get it; a relaxed one runs and says so', async () => {
    await using bench = await Workbench.open();
    await using workshop = await Workshop.open();
    const env = { PATH: await pathWithout(workshop, 'bwrap') };
    const folder = await makeApp(workshop, bench);
    const refused = await workshop.run(['up', '--port', '0', folder], { env });
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /Cannot keep "probe" apart: bubblewrap is not installed.*apt-get install bubblewrap/);

    await writeFile(join(folder, 'weft.yaml'), readFileSync(join(folder, 'weft.yaml'), 'utf8').replaceAll('strict', 'relaxed'));
    const up = await workshop.up([folder], { env });
    assert.equal(await ask(up, 'server/echo', 'hello'), 'hello');
    if (process.getuid?.() === 0) assert.notEqual(await ask(up, 'probe', 'id'), '0 0\n', 'at least it is not root');
    assert.match(
      up.talk + (await workshop.run(['logs', 'probe'], { env })).stdout,
      /sandbox: relaxed, so it runs although bubblewrap is not installed/,
    );
    await up.end('SIGKILL');
    await until(
      () => survivors(workshop).length === 0,
      () => `the end of ${survivors(workshop).join('\n')}`,
    );
  });
});
