import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { ROOT } from '../../scripts/checks/step.ts';
import { createProgram } from '../../src/cli/program.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { type Outcome, WEFT, Workshop } from './weft.ts';

const commands = createProgram(new Terminal(process, { json: false })).commands.map((command) => command.name());

suite('command line', async () => {
  const workshop = await Workshop.open();
  after(() => workshop[Symbol.asyncDispose]());

  test('tells its version, which is the package’s', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const { code, stdout, stderr } = await workshop.run(['--version']);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('every command explains itself on standard output', async () => {
    for (const command of commands) {
      const { code, stdout, stderr } = await workshop.run([command, '--help']);
      assert.equal(code, 0, command);
      assert.match(stdout, new RegExp(`^Usage: weft ${command}`));
      assert.equal(stderr, '');
    }
  });

  test('without a command it shows them all, as talk, and ends with 2', async () => {
    const { code, stdout, stderr } = await workshop.run([]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^Usage: weft/);
  });

  const mistakes: readonly (readonly [words: string[], message: RegExp])[] = [
    [['invok', 'x'], /Unknown command 'invok' \(Did you mean invoke\?\)\n {2}See: weft --help/],
    [['help', 'invok'], /Unknown command 'invok' \(Did you mean invoke\?\)\n {2}See: weft --help/],
    [['invok', '--help'], /Unknown command 'invok' \(Did you mean invoke\?\)\n {2}See: weft --help/],
    [['up', '--prot', '1'], /Unknown option '--prot' \(Did you mean --port\?\)\n {2}See: weft up --help/],
    [['up', '--port', '65536'], /'65536' is invalid.*whole number from 0 to 65535/],
    [['up', '--port', '-1'], /'-1' is invalid/],
    [['up', '--toolchain', 'gcc'], /'gcc' is invalid.*embedded, system, auto/],
    [['logs', '--since', 'yesterday'], /neither a time span such as 10m nor a time/],
    [['invoke'], /Missing required argument 'function'/],
    [['invoke', 'x', '--header', 'nothing'], /A header is written as "Name: value"/],
    [['invoke', 'x', '--data', 'a', '--file', 'b'], /cannot be used with option/],
    [['invoke', 'x', '--gateway', 'ftp://here'], /"ftp:\/\/here" is not the address of a gateway/],
    [['invoke', 'x', '--method', 'A B', '--gateway', 'http://127.0.0.1:9'], /invalid request method/i],
    [
      ['invoke', 'x', '--header', 'Expect: 100-continue', '--gateway', 'http://127.0.0.1:9'],
      /expect header.*\n {2}See: weft invoke --help/,
    ],
    [['up', 'nowhere'], /There is no app in nowhere: there is no such file or folder\n {2}Name a folder with a weft\.yaml, or start one/],
    [['deploy', '--gateway', '127.0.0.1:9'], /There is no app in \/.*: it has no weft\.yaml\n {2}Name a folder/],
    [['remove', '..'], /"\.\." cannot be the name of an app or function\n {2}A name has up to 63 letters/],
    [['remove', 'first/'], /"first\/" cannot be the name of an app or function/],
    [['remove', 'a.b.c'], /"a\.b\.c" cannot be the name of an app or function/],
    [['describe', ''], /"" cannot be the name of a function/],
    [['scale', '.', '1'], /"\." cannot be the name of a function/],
    [['scale', 'a', '10001'], /'10001' is invalid.*whole number from 0 to 10000/],
    [['logs', '%2e%2e'], /"%2e%2e" cannot be the name of a function/],
    [['invoke', 'a/b'], /"a\/b" cannot be the name of a function/],
    [['bench', 'a?b'], /"a\?b" cannot be the name of a function/],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
  ];
  for (const [words, message] of mistakes) {
    test(`a mistake is told and ends with 2: weft ${words.join(' ')}`, async () => {
      const { code, stdout, stderr } = await workshop.run(words);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
      assert.equal(stdout, '');
    });
  }

  test('with --json an error is one object on standard error', async () => {
    const { code, stdout, stderr } = await workshop.run(['list', '--json', '--tial']);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    const { error } = JSON.parse(stderr) as { error: Record<string, string> };
    assert.equal(error['code'], 'WEFT_USAGE');
    assert.equal(error['hint'], 'See: weft list --help');
  });

  test('when no platform answers it says where it asked and how to start one, and ends with 6', async () => {
    const { code, stderr } = await workshop.run(['invoke', 'hello', '--gateway', '127.0.0.1:9']);
    assert.equal(code, 6);
    assert.match(stderr, /No platform answers at http:\/\/127\.0\.0\.1:9: .*ECONNREFUSED/);
    assert.match(stderr, /weft up/);
  });

  test('whoever names a data folder is not given the platform of another', async () => {
    const nothing = workshop.path('nothing');
    for (const [words, env] of [
      [['--data', nothing], {}],
      [[], { WEFT_DATA: nothing }],
    ] as const) {
      const { code, stderr } = await workshop.run(['list', ...words], { env });
      assert.equal(code, 6);
      assert.match(stderr, /No platform answers at the data folder .*nothing: none runs on it/);
    }
  });

  test('a file that is not there is told before anything is sent', async () => {
    const { code, stderr } = await workshop.run(['invoke', 'hello', '--file', 'nowhere.bin', '--gateway', '127.0.0.1:9']);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use nowhere\.bin: ENOENT/);
  });

  test('a folder is no body, and no fault of the platform', async () => {
    const { code, stderr } = await workshop.run(['invoke', 'hello', '--file', '.', '--gateway', '127.0.0.1:9']);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use \.: it is a folder/);
  });

  test('colours come only when asked for: a pipe has none', async () => {
    // oxlint-disable-next-line no-control-regex -- it is what colours are made of
    const colour = /\u001B\[/;
    const plain = await workshop.run(['invok']);
    const forced = await workshop.run(['invok'], { env: { FORCE_COLOR: '1' } });
    const refused = await workshop.run(['invok'], { env: { NO_COLOR: '1' } });
    assert.deepEqual(
      [plain, forced, refused].map(({ stderr }) => colour.test(stderr)),
      [false, true, false],
    );
  });

  const full = existsSync('/dev/full') ? {} : { skip: 'there is no /dev/full' };
  test('output that no disk takes is told, and ends with 1; what was to be done is done', full, async () => {
    const into = (redirection: string, words: readonly string[]): Promise<Outcome> =>
      workshop.run(['-c', `exec "$0" "$@" ${redirection}`, WEFT, ...words], { program: 'sh' });
    const { code, stderr } = await into('>/dev/full', ['init', 'written']);
    assert.equal(code, 1);
    assert.match(stderr, /^weft: Cannot write to standard output: ENOSPC: .*\n {2}Look at where it goes to/m);
    assert.doesNotMatch(stderr, /\n\s+at /);
    assert.ok(existsSync(workshop.path('written', 'weft.yaml')));
    assert.equal((await into('>/dev/full', ['--help'])).code, 1);
    assert.equal((await into('2>/dev/full', ['init', 'unsaid'])).code, 0, 'talk is not what was asked for');
    assert.equal((await into('2>/dev/full', ['invok'])).code, 2);
  });

  test('a reader that leaves is no error', async () => {
    const child = spawn(WEFT, ['completion', 'bash'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (piece: Buffer) => {
      stderr += piece.toString();
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  });
});
