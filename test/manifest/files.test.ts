import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { AppFolder, only } from './app-folder.ts';

const PROJECT = {
  'f.c': '',
  'config.json': '{}',
  'web/index.html': '',
  'web/css/a.css': '',
  'web/css/b.css': '',
  'other/index.html': '',
  'with-tmp/tmp/x': '',
};

const packing = (files: string): string => `app: a\nfunctions:\n  f:\n    sources: [f.c]\n    files: ${files}\n`;

suite('packed files', () => {
  const packs = [
    ['{/etc/config.json: config.json}', { '/etc/config.json': 'config.json' }],
    ['{/www: web}', { '/www/css/a.css': 'web/css/a.css', '/www/css/b.css': 'web/css/b.css', '/www/index.html': 'web/index.html' }],
    [
      '{/: web, /css/c.css: config.json}',
      { '/css/a.css': 'web/css/a.css', '/css/b.css': 'web/css/b.css', '/css/c.css': 'config.json', '/index.html': 'web/index.html' },
    ],
    ['{/tmpl/a: config.json, "/two words": config.json}', { '/tmpl/a': 'config.json', '/two words': 'config.json' }],
    ['{}', {}],
  ] as const;
  for (const [files, expected] of packs) {
    test(files, async (t) => {
      const folder = await AppFolder.with(PROJECT, t);
      const wanted = Object.fromEntries(Object.entries(expected).map(([guest, host]) => [guest, folder.at(host)]));
      assert.deepEqual(only(await folder.loadYaml(packing(files))).files, wanted);
    });
  }

  const refused = [
    ['{etc/x: config.json}', '5:13: "etc/x" is not an absolute path without "." and ".."'],
    ['{/a/../b: config.json}', '5:13: "/a/../b" is not an absolute path without "." and ".."'],
    ['{/a/./b: config.json}', '5:13: "/a/./b" is not an absolute path without "." and ".."'],
    ['{//a: config.json}', '5:13: "//a" is not an absolute path without "." and ".."'],
    ['{/a/: config.json}', '5:13: "/a/" is not an absolute path without "." and ".."'],
    ['{"/a\\0": config.json}', '5:13: "/a\\u0000" is not an absolute path without "." and ".."'],
    ['{/: config.json}', '5:16: "config.json" is a file, and cannot be the folder "/"'],
    ['{/tmp: web}', '5:13: "/tmp" would be hidden: /tmp is the scratch folder of each request'],
    ['{/tmp/x: config.json}', '5:13: "/tmp/x" would be hidden: /tmp is the scratch folder of each request'],
    ['{/: with-tmp}', '5:16: "with-tmp" has "tmp" in it, which /tmp would hide: it is the scratch folder of each request'],
    ['{/x: gone}', '5:17: "gone" cannot be packed: there is no such file or folder'],
    ['{/x: /dev/null}', '5:17: "/dev/null" cannot be packed: "/dev/null" is neither file nor folder'],
    ['{/www: web, /www/index.html: other/index.html}', '5:41: "other/index.html" brings "/www/index.html", which "/www" brings too'],
    ['{/a: config.json, /a/b: config.json}', '5:30: "/a/b" lies below "/a", which is a file'],
    ['{/css/a.css/x: config.json, /: web}', '5:13: "/css/a.css/x" lies below "/css/a.css", which is a file'],
    ['[config.json]', '5:12: functions.f.files must be a mapping, not a list'],
  ] as const;
  for (const [files, expected] of refused) {
    test(`refused: ${files}`, async (t) => {
      const folder = await AppFolder.with(PROJECT, t);
      assert.deepEqual(
        (await folder.mistakesIn(packing(files))).map((mistake) => mistake.replaceAll(`${folder.path}/`, '')),
        [expected],
      );
    });
  }

  test('a link may stand for a file of the same folder', async (t) => {
    const folder = await AppFolder.with(PROJECT, t);
    await symlink('css/a.css', folder.at('web/main.css'));
    assert.equal(only(await folder.loadYaml(packing('{/www: web}'))).files['/www/main.css'], folder.at('web/main.css'));
  });

  const links = [
    ['out of the folder', '../config.json', /"web" has a link that leads out of it: .*web\/link"/],
    ['to a system file', '/etc/passwd', /"web" has a link that leads out of it/],
    ['to a folder', 'css', /"web" has a link to a folder/],
    ['in a circle', '.', /"web" has a link to a folder/],
    ['to itself', 'link', /"web" cannot be packed: its symbolic links lead in a circle/],
    ['to nothing', 'gone', /"web" cannot be packed: there is no such file or folder/],
  ] as const;
  for (const [where, target, says] of links) {
    test(`a link ${where} is refused`, async (t) => {
      const folder = await AppFolder.with(PROJECT, t);
      await symlink(target, folder.at('web/link'));
      const mistakes = await folder.mistakesIn(packing('{/www: web}'));
      assert.equal(mistakes.length, 1);
      assert.match(mistakes.join(), says);
    });
  }

  test('a pipe in a folder is refused, and not read', async (t) => {
    const folder = await AppFolder.with(PROJECT, t);
    execFileSync('mkfifo', [folder.at('web/pipe')]);
    assert.match((await folder.mistakesIn(packing('{/www: web}'))).join(), /"web" cannot be packed: .*neither file nor folder/);
  });

  test('more files than are good are refused', async (t) => {
    const folder = await AppFolder.with(PROJECT, t);
    // One file, many times: what counts is what the function would see.
    const many = Array.from({ length: 10_001 }, (_, i) => `/${i}: config.json`).join(', ');
    assert.match((await folder.mistakesIn(packing(`{${many}}`))).join(), /makes it more than 10000 files/);
  });
});

suite('secrets', () => {
  const secret = (from: string): string => `app: a\nfunctions: {f: {sources: [f.c], secrets: {K: ${from}}}}\n`;

  test('come from the environment, empty ones too', async (t) => {
    const folder = await AppFolder.with(PROJECT, t);
    assert.deepEqual(only(await folder.loadYaml(secret('{fromEnv: A}'), { A: ' x\n' })).secrets, { K: ' x\n' });
    assert.deepEqual(only(await folder.loadYaml(secret('{fromEnv: A}'), { A: '' })).secrets, { K: '' });
  });

  test('what every object has is no variable of the environment', async (t) => {
    const folder = await AppFolder.with(PROJECT, t);
    for (const name of ['toString', 'constructor', '__proto__'])
      assert.match((await folder.mistakesIn(secret(`{fromEnv: ${name}}`))).join(), /the environment variable "\w+" is not set/);
  });

  for (const [content, value] of [
    ['x', 'x'],
    ['x\n', 'x'],
    ['x\r\n', 'x'],
    ['x\n\n', 'x\n'],
    [' ä ', ' ä '],
    ['', ''],
  ] as const) {
    test(`come from a file, less one line end: ${JSON.stringify(content)}`, async (t) => {
      const folder = await AppFolder.with({ ...PROJECT, key: content }, t);
      assert.deepEqual(only(await folder.loadYaml(secret('{fromFile: key}'))).secrets, { K: value });
      assert.deepEqual(only(await folder.loadYaml(secret(`{fromFile: ${folder.at('key')}}`))).secrets, { K: value });
    });
  }

  const refused = [
    ['has a NUL', 'a\0', 'the secret in "key" has a NUL in it'],
    ['is not UTF-8', Uint8Array.of(0x0a, 0xc3, 0x28), 'cannot read the secret in "key": it is not UTF-8 (line 2)'],
    ['is too large', 'x'.repeat(65_537), 'cannot read the secret in "key": it is larger than 64 KiB'],
  ] as const;
  for (const [what, content, says] of refused) {
    test(`a file that ${what} is refused`, async (t) => {
      const folder = await AppFolder.with({ ...PROJECT, key: content }, t);
      assert.deepEqual(
        (await folder.mistakesIn(secret('{fromFile: key}'))).map((mistake) => mistake.replace(/^\S+ /, '')),
        [says],
      );
    });
  }

  test('a pipe is refused, and not waited for', async (t) => {
    const folder = await AppFolder.with(PROJECT, t);
    execFileSync('mkfifo', [folder.at('key')]);
    assert.match((await folder.mistakesIn(secret('{fromFile: key}'))).join(), /it is not a file/);
  });
});
