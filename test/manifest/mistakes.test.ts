import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AppFolder, refusal } from './app-folder.ts';

const FILES = { 'shout.c': '', 'lib.o': '', 'data/x.txt': '', 'm.wasm': '', 'empty/.keep': '' };
const FUNCTION = 'functions: {f: {sources: [shout.c]}}\n';

/** A function with that line in it, which is line 5; values begin behind the key. */
const line = (text: string): string => `app: a\nfunctions:\n  f:\n    sources: [shout.c]\n    ${text}\n`;
/** A function with that line alone, which is line 4. */
const alone = (text: string): string => `app: a\nfunctions:\n  f:\n    ${text}\n`;

/** What it is; the manifest; its mistakes. */
const TABLE: readonly (readonly [what: string, manifest: string, ...mistakes: string[]])[] = [
  // Words
  ['a mistyped key', alone('souces: [shout.c]'), '4:5: unknown key "souces" in functions.f; did you mean "sources"?'],
  ['a mistyped key at the top', `app: a\n${FUNCTION}merg: []\n`, '3:1: unknown key "merg"; did you mean "merge"?'],
  [
    'a mistyped key that has to be there',
    'app: a\nfuncions:\n  f: {sources: [shout.c]}\n',
    '2:1: unknown key "funcions"; did you mean "functions"?',
  ],
  [
    'an unknown key, and another one missing',
    `name: a\n${FUNCTION}`,
    '1:1: the key "app" is missing',
    '1:1: unknown key "name"; known here: app, defaults, functions, merge',
  ],
  ['two letters swapped', line('stcak: 1KiB'), '5:5: unknown key "stcak" in functions.f; did you mean "stack"?'],
  ['a key in other case', line('Flags: []'), '5:5: unknown key "Flags" in functions.f; did you mean "flags"?'],
  ['a key one level too high', line('memory: 1MiB'), '5:5: unknown key "memory" in functions.f; it stands under "limits"'],
  [
    'a key like no other',
    line('limits: {zzz: 1}'),
    '5:14: unknown key "zzz" in functions.f.limits; known here: memory, deadline, request, response, concurrency, callDepth, instances, processes, cpus, openFiles',
  ],
  [
    'a mistyped contract',
    line('contract: studio'),
    '5:15: functions.f.contract cannot be "studio"; it must be weft, stdio, nightcore, functions-framework, fn or http; did you mean "stdio"?',
  ],
  [
    'a mistyped standard',
    line('std: C++20x'),
    '5:10: functions.f.std cannot be "C++20x"; it must be c17, c23, c++20 or c++23, or a list; did you mean "c++20"?',
  ],
  [
    'a mistyped standard in a list',
    line('std: [c18]'),
    '5:11: functions.f.std[0] cannot be "c18"; it must be c17, c23, c++20 or c++23; did you mean "c17"?',
  ],
  ['two standards for C', line('std: [c17, c23]'), '5:10: std names two standards of one language: c17 and c23'],
  // Kinds of values
  ['a text for a list', alone('sources: shout.c'), '4:14: functions.f.sources must be a list, not the text "shout.c"; write [shout.c]'],
  ['a number for a text', line('env: {PORT: 0123}'), '5:17: functions.f.env.PORT must be text, not the number 123; write "0123"'],
  ['a truth value for a text', line('args: [true]'), '5:12: functions.f.args[0] must be text, not the truth value true; write "true"'],
  ['a text for a number', line('warm: many'), '5:11: functions.f.warm must be a whole number, not the text "many"'],
  ['half a number', line('warm: 1.5'), '5:11: functions.f.warm must be a whole number, not the number 1.5'],
  ['a number too small', line('limits: {callDepth: 0}'), '5:25: functions.f.limits.callDepth must be 1 or more, not 0'],
  ['a number too large', line('warm: 1001'), '5:11: functions.f.warm must be 1000 or less, not 1001'],
  ['nothing for a mapping', line('limits:'), '5:12: functions.f.limits is empty; it must be a mapping'],
  ['an empty list', alone('sources: []'), '4:14: functions.f.sources is empty'],
  ['an empty name of a file', alone('sources: [""]'), '4:15: functions.f.sources[0] is empty'],
  ['a list for a mapping', `app: a\nfunctions: [f]\n`, '2:12: functions must be a mapping, not a list'],
  ['no functions', `app: a\nfunctions: {}\n`, '2:1: functions is empty; an app has at least one function'],
  ['no app', FUNCTION, '1:1: the key "app" is missing'],
  ['neither', '{}', '1:1: the key "app" is missing', '1:1: the key "functions" is missing'],
  ['a text only', 'hello', '1:1: the manifest must be a mapping, not the text "hello"'],
  ['nothing at all', '# only a comment\n', '1:1: the manifest is empty; it must be a mapping'],
  // Sizes and durations
  [
    'a size without a unit',
    line('limits: {memory: 64}'),
    '5:22: functions.f.limits.memory must be a size, such as 64MiB, not the number 64',
  ],
  [
    'a unit in other case',
    line('limits: {memory: 64mib}'),
    '5:22: functions.f.limits.memory: "64mib" is not a size, such as 64MiB or 512KB; did you mean "64MiB"?',
  ],
  [
    'a unit of elsewhere',
    line('stack: 64Ki'),
    '5:12: functions.f.stack: "64Ki" is not a size, such as 64MiB or 512KB; did you mean "64KiB"?',
  ],
  [
    'a duration in words',
    line('limits: {deadline: 30 seconds}'),
    '5:24: functions.f.limits.deadline: "30 seconds" is not a duration, such as 30s or 500ms; did you mean "30s"?',
  ],
  [
    'a negative duration',
    line('limits: {deadline: -1s}'),
    '5:24: functions.f.limits.deadline: "-1s" is not a duration, such as 30s or 500ms',
  ],
  ['no time at all', line('limits: {deadline: 0s}'), '5:24: limits.deadline must be from 1ms to 24h, not 0s'],
  ['an idle time that would be never', line('idle: 0s'), '5:11: idle must be from 1ms to 500h, not 0s'],
  [
    'a word for a time',
    line('idle: newer'),
    '5:11: functions.f.idle cannot be "newer"; it must be never, or a duration, such as 30s; did you mean "never"?',
  ],
  ['more memory than there can be', line('limits: {memory: 4GiB}'), '5:22: limits.memory must be from 64KiB to 4194240KiB, not 4GiB'],
  ['a stack larger than the memory', line('stack: 64MiB'), '5:12: a stack of 64MiB does not fit into the memory of 64MiB'],
  // Names
  [
    'a function whose name no host can have',
    'app: a\nfunctions:\n  word_count: {sources: [shout.c]}\n',
    '3:3: "word_count" cannot be a name: up to 63 letters, digits and "-", with no "-" at either end; did you mean "word-count"?',
  ],
  [
    'an app whose name is a path',
    `app: ../../etc\n${FUNCTION}`,
    '1:6: app: "../../etc" cannot be a name: up to 63 letters, digits and "-", with no "-" at either end; did you mean "etc"?',
  ],
  [
    'a name too long',
    `app: ${'a'.repeat(64)}\n${FUNCTION}`,
    `1:6: app: "${'a'.repeat(64)}" cannot be a name: up to 63 letters, digits and "-", with no "-" at either end; did you mean "${'a'.repeat(63)}"?`,
  ],
  [
    'a name that moves the cursor',
    `app: "\\e[2J\\u202e"\n${FUNCTION}`,
    '1:6: app: "\\u001b[2J\\u{202e}" cannot be a name: up to 63 letters, digits and "-", with no "-" at either end; did you mean "2J"?',
  ],
  [
    'a variable with a hyphen',
    line('env: {A-B: x}'),
    '5:11: "A-B" is not the name of a variable: letters, digits and "_", not beginning with a digit',
  ],
  ['the key __proto__', line('env: {__proto__: x}'), '5:11: a key cannot be named "__proto__"'],
  [
    'the key constructor',
    'app: a\nconstructor: {}\n' + FUNCTION,
    '2:1: unknown key "constructor"; known here: app, defaults, functions, merge',
  ],
  // What to build from
  [
    'nothing to build from',
    alone('contract: weft'),
    '3:3: functions.f says not what to build it from: sources, wasm, cmake, make, executable, image, static',
  ],
  ['two things to build from', line('wasm: m.wasm'), '5:5: functions.f.wasm and "sources" exclude each other'],
  ['flags for a module that is built', alone('{wasm: m.wasm, flags: [-O3]}'), '4:20: functions.f.flags is for functions with sources only'],
  [
    'a source that is not there',
    alone('sources: [shuot.c]'),
    '4:15: cannot use the file "shuot.c": there is no such file or folder; did you mean "shout.c"?',
  ],
  ['a folder for a source', alone('sources: [data]'), '4:15: "data" is a folder, not a file'],
  ['an object file for a source', alone('sources: [lib.o]'), '4:15: "lib.o" is no C or C++ source (.c, .cc, .cpp, .cxx, .c++, .C)'],
  [
    'a pattern that matches nothing',
    alone('sources: ["*.cxx"]'),
    '4:15: nothing matches "*.cxx" (looking for .c, .cc, .cpp, .cxx, .c++, .C)',
  ],
  ['a NUL in a path', alone('sources: ["a\\0.c"]'), '4:15: functions.f.sources[0]: "a\\u0000.c" has a NUL in it'],
  [
    'a module that is not there',
    alone('wasm: n.wasm'),
    '4:11: cannot use the file "n.wasm": there is no such file or folder; did you mean "m.wasm"?',
  ],
  ['a project without its file', alone('cmake: {dir: data}'), '4:18: there is no CMakeLists.txt in "data"'],
  ['a project here without its file', alone('make: {}'), '4:11: there is no Makefile in "."'],
  [
    'a target that is an option',
    alone('make: {target: --eval=x}'),
    '4:20: functions.f.make.target: "--eval=x" is not the name of a target',
  ],
  ['a folder to include that is a file', line('include: [shout.c]'), '5:15: "shout.c" is a file, not a folder'],
  ['a library that is an object file', line('libraries: [lib.o]'), '5:17: "lib.o" is no static library (.a)'],
  ['a macro that is a flag', line('defines: [-DX]'), '5:15: functions.f.defines[0]: "-DX" is no macro: NAME or NAME=value'],
  // What a function is granted
  [
    'an origin with a path',
    line('origins: [https://a.example/x]'),
    '5:15: functions.f.origins[0]: "https://a.example/x" is not an origin, such as https://api.example.com or http://127.0.0.1:9000',
  ],
  ['an origin whose port is none', line('origins: ["http://a:99999"]'), '5:15: origins: http://a:99999 is no valid URL'],
  [
    'a content type that sets a header',
    line('contentType: "text/plain\\r\\nX: y"'),
    '5:18: functions.f.contentType: "text/plain\\r\\nX: y" is not a media type, such as text/plain',
  ],
  [
    'a content type for a function that sets its own',
    line('{contract: weft, contentType: text/plain}').replace('    sources: [shout.c]\n    {', '    {sources: [shout.c], '),
    '4:42: contentType is for contract stdio; a function of contract weft sets its own',
  ],
  [
    'a mode for another contract',
    line('stdio: {}').replace('[shout.c]', '[shout.c]\n    contract: weft'),
    '6:5: stdio is for contract stdio, not weft',
  ],
  [
    'a mistyped mode',
    line('stdio: {mode: streming}'),
    '5:19: functions.f.stdio.mode cannot be "streming"; it must be plain, classic, streaming, serializing, iron, iron-http or iron-json; did you mean "streaming"?',
  ],
  ['a switch of another mode', line('stdio: {mode: iron, combineOutput: true}'), '5:25: stdio.combineOutput is for mode classic, not iron'],
  [
    'a header that ends its line',
    line('stdio: {mode: iron, headers: {X: "a\\r\\nb"}}'),
    '5:38: functions.f.stdio.headers.X: "a\\r\\nb" holds a control character',
  ],
  ["Nightcore's switches for another contract", line('nightcore: {}'), '5:5: nightcore is for contract nightcore, not stdio'],
  // Secrets
  [
    'a secret in the manifest',
    line('secrets: {KEY: hunter2}'),
    '5:20: functions.f.secrets.KEY must say where the secret is, {fromEnv: NAME} or {fromFile: path}; the manifest never holds it',
  ],
  [
    'a secret in the place of its name',
    line('secrets: {KEY: {fromEnv: "hunter2!"}}'),
    '5:30: functions.f.secrets.KEY.fromEnv must be the name of an environment variable',
  ],
  [
    'a secret from two places',
    line('secrets: {KEY: {fromEnv: A, fromFile: b}}'),
    '5:15: functions.f.secrets.KEY takes either fromEnv or fromFile',
  ],
  ['a secret from nowhere', line('secrets: {KEY: {}}'), '5:15: functions.f.secrets.KEY takes either fromEnv or fromFile'],
  [
    'a secret that the environment has not',
    line('secrets: {KEY: {fromEnv: MISSING}}'),
    '5:30: the environment variable "MISSING" is not set',
  ],
  [
    'a secret whose file is not there',
    line('secrets: {KEY: {fromFile: k}}'),
    '5:31: cannot read the secret in "k": there is no such file or folder',
  ],
  // Merge groups
  ['a function that is not there', `app: a\n${FUNCTION}merge: [[f, fo]]\n`, '3:13: merge: there is no function "fo"'],
  ['a group of one', `app: a\n${FUNCTION}merge: [[f]]\n`, '3:9: merge[0] must have 2 entries or more'],
  ['a function twice in a group', `app: a\n${FUNCTION}merge: [[f, f]]\n`, '3:13: merge: "f" is twice in this group'],
  [
    'a function in two groups',
    'app: a\nfunctions: {f: &f {sources: [shout.c]}, g: *f, h: *f}\nmerge: [[f, g], [g, h]]\n',
    '3:18: merge: "g" is in another group already; a function can be in one',
  ],
  // YAML itself
  ['a key twice', `app: a\napp: b\n${FUNCTION}`, '2:1: the key "app" is here twice'],
  ['a function twice', 'app: a\nfunctions:\n  f: {sources: [shout.c]}\n  "f": {sources: [shout.c]}\n', '4:3: the key "f" is here twice'],
  ['a tab', 'app: a\nfunctions:\n\tf: {}\n', '3:1: a tab indents this line; YAML indents with spaces only'],
  ['a mapping in a line', 'app: a: b\n', '1:6: not valid YAML: Nested mappings are not allowed in compact mappings'],
  ['two documents', `app: a\n${FUNCTION}---\napp: b\n`, '3:1: a second YAML document begins; a manifest is one'],
  ['a list for a key', `? [app]\n: a\n${FUNCTION}`, '1:3: a key must be a word, not a list or a mapping'],
  ['a tag', `app: !!binary aGk=\n${FUNCTION}`, '1:6: a YAML tag ("!…") has no meaning here; a text that begins with "!" stands in quotes'],
  ['an alias in itself', 'app: a\nfunctions: &f\n  f: *f\n', '3:6: this alias contains itself'],
  ['an alias of nothing', 'app: *name\n', '1:6: this alias ("*…") has no anchor before it; a text that begins with "*" stands in quotes'],
  // Isolation
  ['a key of another isolation', line('sandbox: relaxed'), '5:5: sandbox is for isolation process; this function has isolation context'],
  [
    'a limit of another isolation',
    line('limits: {cpus: 1}'),
    '5:14: limits.cpus is for isolation process and container; this function has isolation context',
  ],
  [
    'a contract that isolation cannot host',
    line('isolation: process\n    contract: weft'),
    '6:15: contract weft cannot have isolation process: there it is stdio, nightcore, functions-framework, fn, http',
  ],
  [
    'a server in a context',
    line('contract: http'),
    '5:15: contract http cannot have isolation context: there it is stdio, weft, nightcore, functions-framework, fn',
  ],
  [
    'an image in a context',
    alone('{image: busybox, isolation: context}'),
    '4:33: a function with an image has isolation container, not context',
  ],
  ['a container without an image', line('isolation: container'), '5:16: isolation container needs an image'],
  ['a container on a socket', alone('{image: busybox, listen: /run/x.sock}'), '4:30: a container listens on a port: listen: 8080'],
  [
    'a container in the network of the machine',
    alone('{image: busybox, network: host}'),
    '4:31: network host is for isolation process; a container has none or bridge',
  ],
  [
    'a mount that is not there',
    line('isolation: process\n    mounts: {/work: out}'),
    '6:21: cannot use the folder "out": there is no such file or folder',
  ],
  [
    'a process in a merge group',
    `app: a\nfunctions: {f: {sources: [shout.c]}, g: {sources: [shout.c], isolation: process}}\nmerge: [[f, g]]\n`,
    '3:13: merge: "g" is a process or container, and only functions in contexts can be merged',
  ],
];

suite('a mistake is told at its place, with what was meant', () => {
  for (const [what, manifest, ...expected] of TABLE) {
    test(what, async (t) => {
      const folder = await AppFolder.with(FILES, t);
      assert.deepEqual((await folder.mistakesIn(manifest)).toSorted(), expected.toSorted());
    });
  }

  test('all mistakes of a file at once, in its order, those of shape and those of meaning', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const manifest = `app: A_B
functions:
  f:
    sources: [gone.c]
  g:
    sources: [shout.c]
    wram: 1
  h:
    sources: [gone.c]
    limits: { deadline: 0s }
merge: [[f, i]]
`;
    assert.deepEqual(
      (await folder.mistakesIn(manifest)).map((mistake) => mistake.replace(/^(\d+:\d+: [^ ]+ [^ ]+).*/, '$1')),
      ['1:6: app: "A_B"', '4:15: cannot use', '7:5: unknown key', '9:15: cannot use', '10:25: limits.deadline must', '11:13: merge: there'],
    );
  });

  test('a mistake in defaults is told once, where it stands', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const manifest = 'app: a\ndefaults:\n  include: [gone]\n  idle: 0s\nfunctions: {f: &f {sources: [shout.c]}, g: *f}\n';
    assert.deepEqual(await folder.mistakesIn(manifest), [
      '3:13: cannot use the folder "gone": there is no such file or folder',
      '4:9: idle must be from 1ms to 500h, not 0s',
    ]);
  });

  test('the first twenty are told', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const many = Array.from({ length: 23 }, (_, i) => `    unknown${i}: 1`).join('\n');
    const told = await folder.mistakesIn(line(many.trim()));
    assert.equal(told.length, 21);
    assert.equal(told.at(-1), 'and 3 more');
  });

  test('the error names file, line and column for machines, and the exit code of a wrong use', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const error = await refusal(folder.loadYaml(line('warm: x')));
    const { file, line: at, column } = error.details;
    assert.deepEqual([error.entry.exit, file, at, column], [2, folder.at('weft.yaml'), 5, 11]);
    assert.match(error.message, /^\/.*weft\.yaml:5:11: functions\.f\.warm must be/);
  });

  test('no message holds what might be a secret', async (t) => {
    const folder = await AppFolder.with({ ...FILES, 'key.bin': Uint8Array.of(0x68, 0xff), 'key.nul': 'hunter2\0' }, t);
    for (const secrets of [
      '{K: hunter2}',
      '{K: [hunter2]}',
      '{K: {fromEnv: hunter2 is it}}',
      '{K: {fromFile: key.nul}}',
      '{K: !hunter2}',
      '{K: *hunter2}',
      '{K: {fromFile: key.bin}}',
      '[hunter2]',
      'hunter2',
    ]) {
      const { message } = await refusal(folder.loadYaml(line(`secrets: ${secrets}`)));
      assert.doesNotMatch(message, /hunter2/);
    }
  });
});
