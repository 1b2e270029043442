/** From sources to an answer: one table, both toolchains. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { WeftError } from '../../src/model/errors.ts';
import type { Builder } from '../../src/toolchain/index.ts';
import { answerOf, builderOf, CHOICES, Folder, fn, sources } from './workshop.ts';

interface Case {
  readonly files: Readonly<Record<string, string>>;
  readonly build?: (folder: Folder) => Partial<ReturnType<typeof sources>>;
  readonly body?: string;
  readonly answer: string;
}

const PRINT = '#include <stdio.h>\n';

const CASES: Readonly<Record<string, Case>> = {
  'a C program': { files: { 'main.c': `${PRINT}int main(void) { puts("hello"); }` }, answer: 'hello\n' },
  'C17 with POSIX and GNU extensions': {
    files: {
      'main.c': `${PRINT}#include <string.h>\nint main(void) { typeof(1) n = 3; char *s = strdup("copy"); printf("%s %d %ld", s, n, __STDC_VERSION__); }`,
    },
    answer: 'copy 3 201710',
  },
  C23: {
    files: { 'main.c': `${PRINT}constexpr int N = 0b101;\nint main() { bool yes = true; auto n = N; printf("%d %d", yes, n); }` },
    build: () => ({ cStandard: 'c23' }),
    answer: '1 5',
  },
  'C++20': {
    files: {
      'main.cpp': `${PRINT}template <class T> concept Sum = requires(T t) { t + t; };\nint main() { Sum auto n = 4; printf("%d %ld", n, __cplusplus); }`,
    },
    answer: '4 202002',
  },
  'C++23 with the standard library': {
    files: {
      'main.cc': `${PRINT}#include <string>\n#include <vector>\nint main() { std::vector<std::string> v{"a", "b"}; std::printf("%zu %s %d", v.size(), v.back().c_str(), __cplusplus > 202002L); }`,
    },
    build: () => ({ cppStandard: 'c++23' }),
    answer: '2 b 1',
  },
  'several sources in C and C++, two of one name': {
    files: {
      'main.c': `${PRINT}int one(void); int two(void);\nint main(void) { printf("%d", one() + two()); }`,
      'a/part.c': 'int one(void) { return 1; }',
      'b/part.cpp': 'extern "C" int two() { return 2; }',
      'c/part.c': 'int unused;',
    },
    answer: '3',
  },
  'headers beside, above and in include folders; one that a macro names': {
    files: {
      'src/main.c': `${PRINT}#include "beside.h"\n#include "../above.h"\n#include <lib/deep.h>\n#define NAME <lib/named.h>\n#include NAME\nint main(void) { printf("%d", BESIDE + ABOVE + DEEP + DEEPER + NAMED); }`,
      'src/beside.h': '#define BESIDE 1\n',
      'above.h': '#define ABOVE 10\n',
      'include/lib/deep.h': '#include "../deeper.h"\n#define DEEP 100\n',
      'include/deeper.h': '#define DEEPER 1000\n',
      'include/lib/named.h': '#define NAMED 10000\n',
    },
    build: (folder) => ({ includeDirs: [`${folder.path}/include`] }),
    answer: '11111',
  },
  'include_next, -include and relative -I': {
    files: {
      'main.c': `${PRINT}#include <config.h>\nint main(void) { printf("%d", FIRST + SECOND + FORCED); }`,
      'one/config.h': '#include_next <config.h>\n#define FIRST 1\n',
      'two/config.h': '#define SECOND 2\n',
      'forced.h': '#define FORCED 4\n',
    },
    build: () => ({ flags: ['-Ione', '-I', 'two', '-include', 'forced.h'] }),
    answer: '7',
  },
  'defines with spaces and quotes': {
    files: { 'main.c': `${PRINT}int main(void) { printf("%s %d", TEXT, N); }` },
    build: () => ({ defines: ['TEXT="a \\"$b\\" c\\\\"', 'N=2'] }),
    answer: 'a "$b" c\\ 2',
  },
  'names with spaces, accents, and a dash in front': {
    files: {
      '-o odd näme $x #1.c': `${PRINT}#include "with space #2.h"\nint main(void) { printf("%d %s", SPACE, __FILE_NAME__); }`,
      'with space #2.h': '#define SPACE 1\n',
    },
    answer: '1 -o odd näme $x #1.c',
  },
  'flags, and a request body': {
    files: { 'main.c': `${PRINT}#include <math.h>\nint main(void) { double x; if (scanf("%lf", &x) == 1) printf("%.3f", sqrt(x)); }` },
    build: () => ({ flags: ['-O3', '-ffast-math', '-Wall'], linkFlags: ['-lm'] }),
    body: '2',
    answer: '1.414',
  },
};

for (const toolchain of CHOICES) {
  describe(`sources, ${toolchain} toolchain`, async () => {
    const builder = await builderOf(toolchain);
    const skip = builder ? false : 'there is no clang with wasm-ld on this machine';
    after(() => builder?.close());
    if (!builder) return test('the system has a clang', { skip });

    for (const [name, { files, build, body, answer }] of Object.entries(CASES)) {
      test(name, async () => {
        using folder = new Folder();
        const paths = Object.entries(files).map(([file, text]) => folder.write(file, text));
        const spec = sources(
          paths.filter((path) => !path.endsWith('.h')),
          build?.(folder),
        );
        const artifact = await builder.build(fn(spec));
        assert.equal(artifact.warnings, '');
        assert.deepEqual(artifact.inputs.toSorted(), paths.toSorted());
        assert.equal(await answerOf(artifact, body), answer);
      });
    }

    test('a static library, by its path and by -L and -l', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', `${PRINT}int deep(void);\nint main(void) { printf("%d", deep()); }`);
      const library = archive(folder, 'lib/libdeep.a', 'int deep(void) { return 42; }');
      for (const spec of [sources([main], { libraries: [library] }), sources([main], { linkFlags: ['-Llib', '-ldeep'] })]) {
        const artifact = await builder.build(fn(spec));
        assert.deepEqual(artifact.inputs.toSorted(), [library, main].toSorted());
        assert.equal(await answerOf(artifact), '42');
      }
    });

    test('an existing module', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', `${PRINT}int main(void) { puts("elsewhere"); }`);
      const path = `${folder.path}/made.wasm`;
      run('clang-19', ['--target=wasm32-wasi', main, '-o', path]);
      const artifact = await builder.build(fn({ kind: 'wasm', path }));
      assert.deepEqual(artifact.inputs, [path]);
      assert.equal(await answerOf(artifact), 'elsewhere\n');
    });

    test('warnings come back as clang wrote them, with the path of the user, and again from the cache', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', 'int main(void) { int unused; return 0; }\n');
      const spec = fn(sources([main], { flags: ['-Wall'] }));
      const { warnings } = await builder.build(spec);
      assert.match(warnings, new RegExp(`^${main}:1:22: warning: unused variable 'unused' \\[-Wunused-variable\\]\n`));
      assert.deepEqual(await builder.build(spec).then((again) => [again.cached, again.warnings]), [true, warnings]);
    });

    test('an error names file, line and column of every source that has one', async () => {
      using folder = new Folder();
      const first = folder.write('a dir/first.c', 'int main(void) { return nothing; }\n');
      const second = folder.write('second.cpp', '#include "broken.h"\n');
      const header = folder.write('broken.h', '\nint broken = nowhere;\n');
      const error = await failure(builder, [first, second]);
      assert.equal(error.entry.exit, 1);
      const output = String(error.details['output']);
      assert.match(output, new RegExp(`^${first}:1:25: error: use of undeclared identifier 'nothing'\n    1 \\| int main`));
      assert.match(output, new RegExp(`^In file included from ${second}:1:\n${header}:2:`, 'm'));
      assert.match(output, /1 error generated\./);
    });

    test('a linker error names the object and the symbol', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', 'void nowhere(void);\nint main(void) { nowhere(); }\n');
      const error = await failure(builder, [main]);
      assert.equal(error.details['output'], 'wasm-ld: error: main.c.o: undefined symbol: nowhere');
    });

    test('a header that is nowhere', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', '#include "gone.h"\n');
      const error = await failure(builder, [main]);
      assert.match(String(error.details['output']), new RegExp(`^${main}:1:10: fatal error: 'gone.h' file not found\n`));
    });

    test('a library for another machine is told by its name', async () => {
      using folder = new Folder();
      const main = folder.write('main.c', 'int deep(void);\nint main(void) { return deep(); }\n');
      const native = folder.write('native.c', 'int deep(void) { return 1; }');
      run('clang-19', ['-c', native, '-o', `${folder.path}/native.o`]);
      run('llvm-ar-19', ['rc', `${folder.path}/libnative.a`, `${folder.path}/native.o`]);
      const error = await failure(builder, [main], { libraries: [`${folder.path}/libnative.a`] });
      assert.match(
        String(error.details['output']),
        /^wasm-ld: warning: libnative\.a: .*'native\.o'.*\nwasm-ld: error: main\.c\.o: undefined symbol: deep$/,
      );
    });

    const refused = async (spec: Partial<ReturnType<typeof sources>>, code: string, message: RegExp): Promise<void> => {
      using folder = new Folder();
      const main = folder.write('main.c', 'int main(void) {}\n');
      await assert.rejects(
        builder.build(fn(sources([main], spec))),
        (cause) => cause instanceof WeftError && cause.code === code && message.test(cause.message),
      );
    };

    test('what cannot be compiled is refused with the path and a reason', async () => {
      await refused({ sources: ['/nowhere/main.c'] }, 'WEFT_SOURCE_REFUSED', /\/nowhere\/main\.c: there is no such file/);
      await refused({ sources: ['/tmp'] }, 'WEFT_SOURCE_REFUSED', /\/tmp: only \.c, \.cc/);
      await refused({ sources: ['/dev/null.c', '/tmp/a\nb.c'] }, 'WEFT_SOURCE_REFUSED', /control character|no such file/);
      await refused({ libraries: ['/dev/zero'] }, 'WEFT_SOURCE_REFUSED', /\/dev\/zero: there is no such file/);
    });

    test('flags that would change what is built, or run code in the compiler, are refused by name', async () => {
      for (const flag of ['-o/tmp/x', '-c', '-E', '-MF', '--target=x86_64', '-fplugin=x.so', '@args', 'main2.c', '-x', '-###', '-I']) {
        await refused({ flags: [flag] }, 'WEFT_FLAG_REFUSED', new RegExp(JSON.stringify(flag).replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')));
      }
      await refused({ flags: ['-Xclang', '-load'] }, 'WEFT_FLAG_REFUSED', /"-load"/);
    });
  });
}

async function failure(builder: Builder, paths: readonly string[], more = {}): Promise<WeftError> {
  const cause: unknown = await builder.build(fn(sources(paths, more))).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(cause instanceof WeftError, String(cause));
  assert.equal(cause.code, 'WEFT_COMPILE_FAILED');
  return cause;
}

function archive(folder: Folder, name: string, source: string): string {
  const [path, object] = [folder.write(name, ''), `${folder.path}/member.o`];
  run('clang-19', ['--target=wasm32-wasi', '-O2', '-c', folder.write('member.c', source), '-o', object]);
  spawnSync('rm', [path]);
  run('llvm-ar-19', ['rc', path, object]);
  return path;
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(status, 0, error?.message ?? stderr);
}
