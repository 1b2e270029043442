import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { ROOT } from '../../scripts/checks/step.ts';
import { INIT_KINDS } from '../../src/cli/init/kinds.ts';
import { Workshop } from './weft.ts';

/** Why it cannot be tested here; never where everything must be there. */
function lacks(shell: string): string | false {
  const there = spawnSync(shell, ['-c', 'true']).error === undefined;
  return !there && process.env['WEFT_TEST_REQUIRE_ALL'] !== '1' && `${shell} is not installed`;
}

suite('completion', async () => {
  const workshop = await Workshop.open();
  after(() => workshop[Symbol.asyncDispose]());

  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    test(`the script for ${shell} is one that ${shell} accepts`, { skip: lacks(shell) }, async () => {
      const { code, stdout } = await workshop.run(['completion', shell]);
      assert.equal(code, 0);
      await writeFile(workshop.path(`weft.${shell}`), stdout);
      const { status, stderr } = spawnSync(shell, ['-n', workshop.path(`weft.${shell}`)]);
      assert.equal(status, 0, stderr.toString());
    });
  }

  test('with --json the script is a string in an object', async () => {
    const [{ stdout: script }, { stdout }] = [
      await workshop.run(['completion', 'bash']),
      await workshop.run(['completion', 'bash', '--json']),
    ];
    assert.deepEqual(JSON.parse(stdout), { shell: 'bash', script });
  });

  const lines: readonly (readonly [line: string, offers: string[]])[] = [
    ['weft in', ['init', 'invoke']],
    ['weft --v', ['--version']],
    ['weft up --th', ['--threads']],
    ['weft up --toolchain s', ['system']],
    ['weft init --contract ', Object.keys(INIT_KINDS)],
    ['weft completion ', ['bash', 'zsh', 'fish']],
    ['weft build a', ['a folder']],
    ['weft --json describe --ga', ['--gateway']],
    ['weft cont', ['context']],
    ['weft context ', ['create', 'use', 'list', 'show', 'delete']],
    ['weft context create --passw', ['--password-stdin', '--password-file']],
    ['weft --json context list --js', ['--json']],
    ['weft list --password-f', ['--password-file']],
    ['weft list --password-s', []],
  ];
  test('bash is offered commands, options, their values and files', async () => {
    await mkdir(workshop.path('a folder'), { recursive: true });
    const { stdout: script } = await workshop.run(['completion', 'bash']);
    await writeFile(workshop.path('weft.bash'), script);
    for (const [line, offers] of lines) {
      const words = line.split(' ');
      const ask = `source weft.bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _weft; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = spawnSync('bash', ['-c', ask], { cwd: workshop.folder });
      assert.deepEqual(
        stdout
          .toString()
          .split('\n')
          .filter((each) => each !== ''),
        offers,
        line,
      );
    }
  });

  test('fish is offered the same', { skip: lacks('fish') }, async () => {
    const { stdout: script } = await workshop.run(['completion', 'fish']);
    await writeFile(workshop.path('weft.fish'), script);
    for (const [line, offers] of lines) {
      const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', `source weft.fish; complete -C '${line}'`], {
        cwd: workshop.folder,
      });
      const offered = stdout
        .toString()
        .split('\n')
        .map((each) => each.split('\t')[0]?.replace(/\/$/, ''));
      if (offers.length === 0) assert.deepEqual(offered, [''], line);
      for (const offer of offers) assert.ok(offered.includes(offer), `${line}: ${offered.join(' ')} ${stderr.toString()}`);
    }
  });

  test('names of contexts are offered where one is wanted', async () => {
    for (const name of ['prod', 'test']) await workshop.run(['context', 'create', name, '--gateway', 'http://127.0.0.1:9']);
    const env = { ...process.env, WEFT_CONFIG: workshop.path('.config') };
    const weft = join(ROOT, 'weft');
    await writeFile(workshop.path('weft.bash'), (await workshop.run(['completion', 'bash'])).stdout);
    for (const words of [
      ['context', 'use', ''],
      ['list', '--context', ''],
    ]) {
      const ask = `source weft.bash; COMP_WORDS=('${weft}' ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _weft; echo "\${COMPREPLY[*]}"`;
      const { stdout, stderr } = spawnSync('bash', ['-c', ask], { cwd: workshop.folder, env });
      assert.deepEqual([stdout.toString(), stderr.toString()], ['default prod test\n', ''], words.join(' '));
    }
  });

  test('names of functions are asked of the platform; when there is none, there are none', async () => {
    const { stdout: script } = await workshop.run(['completion', 'bash']);
    await writeFile(workshop.path('weft.bash'), script);
    const ask = `source weft.bash; COMP_WORDS=('${join(ROOT, 'weft')}' invoke ''); COMP_CWORD=2; _weft; echo "\${#COMPREPLY[@]}"`;
    const env = { ...process.env, WEFT_GATEWAY: 'http://127.0.0.1:9', WEFT_PASSWORD: 'x' };
    const { stdout, stderr } = spawnSync('bash', ['-c', ask], { cwd: workshop.folder, env });
    assert.deepEqual([stdout.toString(), stderr.toString()], ['0\n', '']);
  });
});
