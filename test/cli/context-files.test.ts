import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import type { GatewayContext } from '../../src/cli/contexts/gateway-context.ts';
import { ContextStore } from '../../src/cli/contexts/store.ts';
import { WeftError } from '../../src/model/errors.ts';
import { createContext, inWorkshop, NOWHERE } from './contexts.ts';
import type { Workshop } from './weft.ts';

const SECRET = 'correct-horse-battery';

function file(workshop: Workshop, name: string): string {
  return workshop.path('.config/contexts', `${name}.json`);
}

function readContext(workshop: Workshop, name: string): Promise<GatewayContext> {
  return new ContextStore(workshop.path('.config')).read(name);
}

suite('files of contexts', () => {
  test('are their owner’s alone; one with a password that others can use is refused until they cannot', () =>
    inWorkshop(async (workshop) => {
      const words = ['context', 'create', 'mine', '--gateway', NOWHERE];
      await workshop.run([...words, '--password-stdin'], { input: SECRET });
      const mode = async (...names: string[]) => ((await stat(workshop.path(...names))).mode & 0o777).toString(8);
      assert.deepEqual([await mode('.config/contexts'), await mode('.config/contexts/mine.json')], ['700', '600']);
      await workshop.run(['context', 'use', 'mine']);
      assert.equal(await mode('.config/current-context'), '600');

      await chmod(file(workshop, 'mine'), 0o640);
      const refused = await workshop.run(['list']);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        /Others on this machine can use \S+mine\.json, which has a password in it\n {2}Keep them out with: chmod 600/,
      );
      await chmod(file(workshop, 'mine'), 0o600);
      assert.equal((await workshop.run(['list'])).code, 6, 'nobody answers, but somebody was asked');

      await workshop.run([...words, '--replace']);
      await chmod(file(workshop, 'mine'), 0o644);
      assert.equal((await workshop.run(['list'])).code, 6, 'without a password there is nothing to keep');
    }));

  test('the command that keeps others out does so wherever the file is', () =>
    inWorkshop(async (workshop) => {
      const env = { WEFT_CONFIG: workshop.path("it's mine") };
      await workshop.run(['context', 'create', 'mine', '--gateway', NOWHERE, '--password-stdin'], { input: SECRET, env });
      const path = workshop.path("it's mine", 'contexts', 'mine.json');
      await chmod(path, 0o644);
      const { stderr } = await workshop.run(['list', '--context', 'mine'], { env });
      const [, command = ''] = /Keep them out with: (chmod .*); then/.exec(stderr) ?? [];
      await workshop.run(['-c', command], { program: 'sh' });
      assert.equal((await stat(path)).mode & 0o777, 0o600, stderr);
    }));

  test('passwords are never shown, wherever they come from', () =>
    inWorkshop(async (workshop) => {
      const words = ['context', 'create', 'mine', '--gateway', NOWHERE];
      const outcomes = [
        await workshop.run([...words, '--password-stdin'], { input: SECRET }),
        await workshop.run([...words, '--password-stdin', '--replace', '--json'], { input: SECRET }),
        await workshop.run([...words, '--password-stdin'], { input: `${SECRET}\n${SECRET}` }),
        await workshop.run([...words, `--password=${SECRET}`]),
        await workshop.run(['context', 'create', 'x', '--gateway', `http://ada:${SECRET}@here`]),
        await workshop.run(['context', 'create', 'x', '--gateway', `ada:${SECRET}@here`]),
        await workshop.run(['list', '--gateway', `http://ada:${SECRET}@here`]),
      ];
      const after = [['list'], ['list', '--json'], ['show', 'mine'], ['show', 'mine', '--json'], ['use', 'mine'], ['delete', 'mine']];
      for (const words of after) outcomes.push(await workshop.run(['context', ...words]));
      for (const { stdout, stderr } of outcomes) assert.ok(!`${stdout}${stderr}`.includes(SECRET), `${stdout}${stderr}`);

      const broken = [
        `{"password": "${SECRET}",}`,
        `{"password": "${SECRET}"`,
        SECRET,
        `{"gateway": "http://a:${SECRET}@b"}`,
        `["${SECRET}"]`,
      ];
      for (const text of [...broken, `{"gateway": "${NOWHERE}", "password": "${SECRET}\\n"}`]) {
        await writeFile(file(workshop, 'mine'), text);
        const error = await readContext(workshop, 'mine').catch((reason: unknown) => reason);
        assert.ok(error instanceof WeftError && !inspect(error).includes(SECRET), inspect(error));
      }
    }));

  const damages: readonly (readonly [content: string, reason: RegExp])[] = [
    ['', /it is not JSON/],
    ['{\n  "gateway": "http://x"\n  "user": "y"\n}', /it is not JSON \(line 3 column 3\)/],
    ['[]', /it is not a JSON object/],
    ['{}', /gateway: it is not a text/],
    ['{"gateway": "gopher://x"}', /gateway: it is not the address of a gateway/],
    ['{"gateway": "http://x/path"}', /gateway: it is not the address of a gateway/],
    ['{"gateway": "http://x", "pasword": "y"}', /nothing called "pasword" can stand in it/],
    ['{"gateway": "http://x", "password": "y", "passwordFile": "z"}', /exclude each other/],
    [`{"gateway": "http://x", "description": "${'y'.repeat(70_000)}"}`, /it is larger than 64 KiB/],
  ];
  test('one that is damaged is told by name and reason and left as it is; the others are of use', () =>
    inWorkshop(async (workshop) => {
      await createContext(workshop, 'good');
      await createContext(workshop, 'bad');
      for (const [content, reason] of damages) {
        await writeFile(file(workshop, 'bad'), content);
        await assert.rejects(readContext(workshop, 'bad'), (error) => {
          assert.ok(error instanceof WeftError && error.code === 'WEFT_CONTEXT_DAMAGED', String(error));
          assert.ok(error.message.includes(file(workshop, 'bad')), error.message);
          assert.match(error.message, reason);
          return true;
        });
        assert.equal(await readFile(file(workshop, 'bad'), 'utf8'), content);
      }
      const { code, stdout, stderr } = await workshop.run(['context', 'list']);
      assert.equal(code, 1);
      assert.match(stdout, /\n +good +http/);
      assert.match(stderr, /bad\.json: it is larger/);
      const used = await workshop.run(['context', 'use', 'bad']);
      assert.equal(used.code, 1);
      assert.match(used.stderr, /weft context create --replace/);
      await createContext(workshop, 'bad', '--replace');
      assert.equal((await workshop.run(['context', 'use', 'bad'])).code, 0);

      await writeFile(workshop.path('.config/current-context'), 'two names\n');
      const unclear = await workshop.run(['list']);
      assert.equal(unclear.code, 1, 'no other platform is asked instead');
      assert.match(unclear.stderr, /current-context: it holds no name of a context\n[\s\S]*weft context use/);
      assert.match((await workshop.run(['context', 'list'])).stdout, /\n +bad +http/);
      assert.equal((await workshop.run(['context', 'use', 'good'])).code, 0);
    }));

  test('one that somebody took away while it was the current one is told so', () =>
    inWorkshop(async (workshop) => {
      await createContext(workshop, 'gone');
      await workshop.run(['context', 'use', 'gone']);
      await new ContextStore(workshop.path('.config')).remove('gone');
      const { code, stderr } = await workshop.run(['list']);
      assert.equal(code, 4);
      assert.match(stderr, /named "gone", which is the current one\n[\s\S]*weft context use default/);
      assert.equal((await workshop.run(['context', 'use', 'default'])).code, 0);
    }));

  test('of several that create the same at once one does, and it is whole', () =>
    inWorkshop(async (workshop) => {
      const store = new ContextStore(workshop.path('.config'));
      const gateways = Array.from({ length: 20 }, (_, at) => `http://127.0.0.1:${at + 1}`);
      const writes = await Promise.allSettled(gateways.map((gateway) => store.write({ name: 'same', gateway }, { replace: false })));
      assert.equal(writes.filter(({ status }) => status === 'fulfilled').length, 1);
      const processes = await Promise.all(
        gateways.slice(0, 3).map((gateway) => workshop.run(['context', 'create', 'two', '--gateway', gateway])),
      );
      assert.equal(processes.filter(({ code }) => code === 0).length, 1);
      assert.equal(processes.filter(({ stderr }) => stderr.includes('is there already')).length, 2);
      await Promise.all(gateways.map((gateway) => store.write({ name: 'same', gateway }, { replace: true })));
      assert.ok(gateways.includes((await store.read('same')).gateway));
      assert.deepEqual(await readdir(workshop.path('.config/contexts')), ['same.json', 'two.json'], 'nothing else is left');
    }));

  test('a folder that cannot be written to is told', () =>
    inWorkshop(async (workshop) => {
      await writeFile(workshop.path('file'), '');
      // Linux lets nobody make anything in /proc.
      for (const folder of [workshop.path('file/below'), ...(process.platform === 'linux' ? ['/proc/weft'] : [])]) {
        const { code, stderr } = await workshop.run(['context', 'create', 'x', '--gateway', NOWHERE], { env: { WEFT_CONFIG: folder } });
        assert.equal(code, 1);
        assert.match(stderr, new RegExp(`Cannot use ${folder}`));
        assert.equal((await workshop.run(['list'], { env: { WEFT_CONFIG: folder } })).code, 6, 'where nothing can be, nothing is read');
      }
    }));

  test('a pipe in the place of one is not waited for', () =>
    inWorkshop(async (workshop) => {
      await mkdir(workshop.path('.config/contexts'), { recursive: true });
      spawnSync('mkfifo', [file(workshop, 'pipe')]);
      const { code, stderr } = await workshop.run(['context', 'show', 'pipe']);
      assert.equal(code, 1);
      assert.match(stderr, /it is not a file/);
    }));
});
