import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ROOT } from '../../scripts/checks/step.ts';
import { Workshop } from './weft.ts';

suite('README', () => {
  test('its first function answers, by the commands it gives', async () => {
    await using workshop = await Workshop.open();
    const text = await readFile(join(ROOT, 'README.md'), 'utf8');
    await mkdir(workshop.path('first'));
    await writeFile(workshop.path('first/shout.c'), block(text, /```c\n/));
    await writeFile(workshop.path('first/weft.yaml'), block(text, /```yaml\n/));
    const commands = [...block(text, /```sh\n(?=\.\/weft)/).matchAll(/^\.\/weft ([^#\n]+?) *(?:#.*)?$/gm)].map((match) => match[1]);
    assert.deepEqual(commands, ['up first', 'invoke shout --data hello', 'logs shout -f']);

    await workshop.up(['first']);
    assert.equal((await workshop.run(['invoke', 'shout', '--data', 'hello'])).stdout, 'HELLO');
    assert.equal((await workshop.run(['logs', 'shout'])).code, 0);
  });
});

function block(text: string, opening: RegExp): string {
  const begin = opening.exec(text);
  assert.ok(begin, `the README has a block ${opening}`);
  const from = begin.index + begin[0].length;
  return text.slice(from, text.indexOf('```', from));
}
