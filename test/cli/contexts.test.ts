import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, suite, test } from 'node:test';
import { choosePlatform } from '../../src/cli/contexts/choice.ts';
import { configFolder } from '../../src/cli/places.ts';
import { createContext, inWorkshop, NOWHERE } from './contexts.ts';
import { type Outcome, Workshop } from './weft.ts';

const SECRET = 'correct-horse-battery';
suite('two platforms and one command line', async () => {
  const workshop = await Workshop.open();
  after(() => workshop[Symbol.asyncDispose]());
  const platform = (name: string) => ({ env: { WEFT_DATA: workshop.path(`${name}-data`) } });
  /** A data folder of no platform: what commands know, they know from contexts. */
  const here = { env: { WEFT_DATA: workshop.path('nothing') } };
  const names = ({ stdout }: Outcome): string[] => (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);

  test('every command talks to the platform of its context', async () => {
    for (const app of ['red', 'blue', 'late']) await workshop.run(['init', app]);
    const [red, blue] = await Promise.all([workshop.up(['red'], platform('red')), workshop.up(['blue'], platform('blue'))]);
    const password = await readFile(workshop.path('red-data/password'), 'utf8');
    const kept = ['context', 'create', 'red', '--gateway', red.url, '--password-stdin'];
    const inFile = ['context', 'create', 'blue', '--gateway', blue.url, '--password-file', 'blue-data/password'];
    assert.equal((await workshop.run(kept, { ...here, input: password })).code, 0);
    assert.equal((await workshop.run(inFile, here)).code, 0);

    const ask = (context: string, ...words: string[]): Promise<Outcome> => workshop.run([...words, '--context', context], here);
    assert.deepEqual(names(await ask('red', 'list', '--json')), ['red']);
    assert.deepEqual(names(await ask('blue', 'list', '--json')), ['blue']);
    assert.equal((await ask('red', 'invoke', 'red', '--data', 'Ada')).stdout, 'Hello, Ada!\n');
    assert.equal((await ask('blue', 'invoke', 'red')).code, 4);
    assert.equal((await ask('red', 'describe', 'red')).code, 0);
    assert.equal((await ask('blue', 'describe', 'red')).code, 4);
    assert.match((await ask('red', 'logs', 'red')).stdout, /a name of 3 bytes/);
    assert.equal((await ask('blue', 'logs')).stdout, '');
    assert.equal((await ask('blue', 'scale', 'blue', '2')).code, 0);
    assert.equal((await ask('red', 'scale', 'blue', '2')).code, 4);
    assert.equal((await ask('red', 'bench', 'red', '--seconds', '1', '--connections', '1')).code, 0);

    assert.equal((await ask('blue', 'deploy', 'late')).code, 0);
    assert.deepEqual(names(await ask('red', 'list', '--json')), ['red']);
    assert.deepEqual(names(await ask('blue', 'list', '--json')).toSorted(), ['blue', 'late']);
    assert.equal((await ask('red', 'remove', 'late')).code, 4);
    assert.equal((await ask('blue', 'remove', 'late')).code, 0);
    assert.deepEqual(names(await ask('blue', 'list', '--json')), ['blue']);

    await workshop.run(['context', 'use', 'red'], here);
    assert.deepEqual(names(await workshop.run(['list', '--json'], here)), ['red']);
    assert.deepEqual(names(await workshop.run(['list', '--json'], { env: { ...here.env, WEFT_CONTEXT: 'blue' } })), ['blue']);
    assert.equal((await workshop.run(['__functions'], here)).stdout, 'red\n');
    assert.equal(
      (await workshop.run(['invoke', 'blue', '--data', 'Ada', '--context', 'default'], platform('blue'))).stdout,
      'Hello, Ada!\n',
    );
    const local = await workshop.run(['list', '--json', '--context', 'default'], platform('blue'));
    assert.deepEqual(names(local), ['blue'], 'default is the platform of the data folder');
  });

  test('a password that is told goes before the one of the context', async () => {
    const wrong = { env: { ...here.env, WEFT_PASSWORD: 'wrong' } };
    const refused = await workshop.run(['list', '--context', 'red'], wrong);
    assert.equal(refused.code, 6);
    assert.match(refused.stderr, /password/);
    const right = await workshop.run(['list', '--context', 'red', '--password-file', 'red-data/password'], wrong);
    assert.equal(right.code, 0, right.stderr);
  });

  test('weft up says when other commands talk to another platform', async () => {
    await workshop.run(['context', 'use', 'red'], here);
    const up = await workshop.up(['late'], platform('third'));
    assert.match(up.talk, /other commands talk to the context "red"; to this platform with --context default/);
    await up.end();
  });
});

suite('which platform', () => {
  test('options go before the environment, that before a file; an address before a name', () =>
    inWorkshop(async (workshop) => {
      await createContext(workshop, 'current');
      await workshop.run(['context', 'use', 'current']);
      const config = { WEFT_CONFIG: workshop.path('.config') };
      const all = { ...config, WEFT_GATEWAY: 'env-address', WEFT_CONTEXT: 'env-name' };
      const chosen = async (...[remote, environment]: Parameters<typeof choosePlatform>): Promise<string> => {
        const choice = await choosePlatform(remote, environment);
        return choice.kind === 'gateway' ? choice.url : choice.kind === 'context' ? choice.name : choice.kind;
      };
      assert.equal(await chosen({ gateway: 'address', data: 'folder' }, all), 'address');
      assert.equal(await chosen({ context: 'name', data: 'folder' }, all), 'name');
      assert.equal(await chosen({ context: 'default' }, all), 'local');
      assert.equal(await chosen({ data: 'folder' }, { ...config, WEFT_CONTEXT: 'env-name' }), 'local');
      assert.equal(await chosen({}, all), 'env-address');
      assert.equal(await chosen({}, { ...config, WEFT_CONTEXT: 'env-name' }), 'env-name');
      assert.equal(await chosen({}, { ...config, WEFT_CONTEXT: 'default' }), 'local');
      assert.equal(await chosen({}, { ...config, WEFT_GATEWAY: '', WEFT_CONTEXT: '' }), 'current');
      assert.equal(await chosen({}, { WEFT_CONFIG: workshop.path('nowhere') }), 'local');
      await assert.rejects(chosen({ gateway: 'address', context: 'name' }, {}), { code: 'WEFT_USAGE', message: /exclude each other/ });
    }));

  test('a context’s password goes to its own gateway and to no other', () =>
    inWorkshop(async (workshop) => {
      const asked: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        asked.push(request.headers.authorization);
        response.setHeader('content-type', 'application/json').end('[]');
      }).listen(0, '127.0.0.1');
      try {
        await new Promise((resolve) => server.once('listening', resolve));
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
        const words = ['context', 'create', 'mine', '--gateway', url, '--user', 'ada', '--password-stdin'];
        await workshop.run(words, { input: `${SECRET}\r\n` });
        await workshop.run(['context', 'use', 'mine']);
        for (const more of [[], ['--gateway', url]]) assert.equal((await workshop.run(['list', ...more])).code, 0);
        assert.deepEqual(asked, [`Basic ${Buffer.from(`ada:${SECRET}`).toString('base64')}`, undefined]);
      } finally {
        server.close();
      }
    }));

  test('contexts are in the user’s folder for settings; who has none has the platform of this machine', () =>
    inWorkshop(async (workshop) => {
      assert.equal(configFolder({ WEFT_CONFIG: '/told', XDG_CONFIG_HOME: '/xdg' }), '/told');
      assert.equal(configFolder({ XDG_CONFIG_HOME: '/xdg' }), '/xdg/weft');
      assert.match(configFolder({ XDG_CONFIG_HOME: 'not/absolute' }) ?? '', /\/\.config\/weft$/);
      const homeless = { env: { WEFT_CONFIG: '', HOME: '' } };
      const list = await workshop.run(['context', 'list', '--json'], homeless);
      assert.deepEqual([list.code, (JSON.parse(list.stdout) as { name: string }[]).map(({ name }) => name)], [0, ['default']]);
      const made = await workshop.run(['context', 'create', 'x', '--gateway', NOWHERE], homeless);
      assert.equal(made.code, 1);
      assert.match(made.stderr, /there is no home folder; say where it is to be with WEFT_CONFIG/);
      assert.equal((await workshop.run(['list'], homeless)).code, 6, 'the platform of this machine is asked');
    }));
});

suite('weft context', () => {
  test('create, list, show, use and delete', () =>
    inWorkshop(async (workshop) => {
      await createContext(workshop, 'plain', '--description', 'for trying');
      await createContext(workshop, 'Other_1-x', '--user', 'ada', '--password-file', 'its-password');
      const { stdout: shown } = await workshop.run(['context', 'list']);
      assert.match(shown, /^CURRENT {2}NAME +GATEWAY +USER +PASSWORD +DESCRIPTION\n\* +default +http/);
      assert.match(shown, /\n {9}Other_1-x +http:\/\/127\.0\.0\.1:9 +ada +in a file\n/);
      assert.equal((await workshop.run(['context', 'use', 'plain'])).stdout, 'plain\n');
      const { stdout: listed } = await workshop.run(['context', 'ls', '--json']);
      assert.deepEqual(
        (JSON.parse(listed) as { name: string; current: boolean }[]).map(({ name, current }) => [name, current]),
        [['default', false], ['Other_1-x', false], ['plain', true]], // biome-ignore format: one line
      );
      const { stdout: current } = await workshop.run(['context', 'show', '--json']);
      const plain = { name: 'plain', current: true, gateway: NOWHERE, user: 'admin', password: 'none', description: 'for trying' };
      assert.deepEqual(JSON.parse(current), plain);
      const { stdout: other } = await workshop.run(['context', 'show', 'Other_1-x']);
      assert.match(other, new RegExp(`^passwordFile +${workshop.path('its-password')}$`, 'm'));

      const refused = await workshop.run(['context', 'delete', 'plain']);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /"plain" is the current one; it was not deleted\n {2}Use another one first/);
      assert.equal((await workshop.run(['context', 'use', 'default'])).code, 0);
      assert.equal((await workshop.run(['context', 'delete', 'plain'])).stdout, 'plain\n');
      assert.deepEqual(await readdir(workshop.path('.config/contexts')), ['Other_1-x.json']);
    }));

  test('mistakes are told with what to do, and change nothing', () =>
    inWorkshop(async (workshop) => {
      await createContext(workshop, 'prod');
      const before = await readFile(workshop.path('.config/contexts/prod.json'), 'utf8');
      const made = (name: string, ...more: string[]) => ['context', 'create', name, '--gateway', ...more];
      const mistakes: readonly (readonly [words: string[], code: number, message: RegExp])[] = [
        [['context'], 2, /Usage: weft context/],
        [['context', 'lsit'], 2, /Unknown command 'lsit' \(Did you mean list\?\)\n {2}See: weft context --help/],
        [['context', 'create', 'x'], 2, /where its platform answers: --gateway <url>\n {2}See: weft context create --help/],
        [['context', 'create', 'x', '--gatway', NOWHERE], 2, /Unknown option '--gatway' \(Did you mean --gateway\?\)/],
        [['context', 'rm'], 2, /See: weft context delete --help/],
        [['context', 'use', 'pord'], 4, /No gateway context named "pord"; did you mean "prod"\?\n {2}List them with: weft context list/],
        [['context', 'use', '../prod'], 4, /No gateway context named "\.\.\/prod"/],
        [['context', 'show', 'other'], 4, /No gateway context named "other"\n/],
        [['context', 'delete', 'prd'], 4, /did you mean "prod"/],
        [['context', 'delete', 'default'], 2, /"default" is the platform of this machine; it cannot be deleted/],
        [['list', '--context', 'prodd'], 4, /did you mean "prod"/],
        [['list', '--context', 'prod', '--gateway', NOWHERE], 2, /--gateway and --context exclude each other/],
        [
          made('prod', 'http://elsewhere'),
          1,
          /named "prod" is there already; nothing was written\n {2}Look at it with: weft context show prod/,
        ],
        [made('default', NOWHERE), 2, /"default" is the platform of this machine/],
        [made('a b', NOWHERE), 2, /"a b" cannot be the name of a context/],
        [made('../x', NOWHERE), 2, /"\.\.\/x" cannot be the name of a context/],
        [made('', NOWHERE), 2, /"" cannot be the name of a context/],
        [made('x', 'ftp://here'), 2, /"ftp:\/\/here" is not the address of a gateway/],
        [made('x', 'http://here/weft'), 2, /has a path; a gateway answers at the root of a host, such as http:\/\/here/],
        [made('x', NOWHERE, '--user', 'a:b'), 2, /has no colon/],
        [made('x', NOWHERE, '--password-stdin', '--password-file', 'f'), 2, /cannot be used with option/],
        [made('x', NOWHERE, '--password-stdin'), 2, /No password came on standard input/],
        [made('x', NOWHERE, '--password', 'typed'), 2, /lists of processes show it to everybody[\s\S]*--password-stdin or --password-file/],
      ];
      const outcomes = await Promise.all(mistakes.map(([words]) => workshop.run(words)));
      for (const [at, [words, code, message]] of mistakes.entries()) {
        const outcome = outcomes[at];
        assert.ok(outcome);
        assert.equal(outcome.code, code, `${words.join(' ')}: ${outcome.stderr}`);
        assert.match(outcome.stderr, message);
        assert.equal(outcome.stdout, '', words.join(' '));
      }
      const fromEnvironment = await workshop.run(['list'], { env: { WEFT_CONTEXT: 'pord' } });
      assert.match(fromEnvironment.stderr, /No gateway context named "pord", which WEFT_CONTEXT names; did you mean "prod"\?/);
      assert.deepEqual(await readdir(workshop.path('.config/contexts')), ['prod.json']);
      assert.equal(await readFile(workshop.path('.config/contexts/prod.json'), 'utf8'), before);
    }));

  test('says what in the environment goes before the context', () =>
    inWorkshop(async (workshop) => {
      await createContext(workshop, 'prod');
      const { code, stderr } = await workshop.run(['context', 'use', 'prod'], { env: { WEFT_GATEWAY: NOWHERE, WEFT_PASSWORD: SECRET } });
      assert.equal(code, 0);
      assert.match(stderr, /WEFT_GATEWAY is set and goes before/);
      assert.match(stderr, /WEFT_PASSWORD is set and goes before/);
    }));
});
