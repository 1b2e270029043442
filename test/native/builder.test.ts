/** Programs and libraries of this machine, by its own compiler. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { BuildSpec } from '../../src/model/app.ts';
import { WeftError } from '../../src/model/errors.ts';
import { type BuildOptions, createBuilder, ensureHost, type NativeArtifact } from '../../src/toolchain/index.ts';
import { findProgram } from '../../src/toolchain/programs.ts';
import { SDK } from '../../src/toolchain/link-description.ts';
import { Folder, fn, sources } from '../toolchain/workshop.ts';
import { FOLDER, FROM_HOST, HostProcess, TO_HOST } from './host.ts';

const MAIN = '#include <stdio.h>\n#include "word.h"\nint main(void) { puts(WORD); }\n';

describe('native builds', async () => {
  const builder = await createBuilder({ cacheDir: FOLDER, toolchain: 'embedded' });
  after(() => builder.close());
  const build = (spec: BuildSpec, options?: BuildOptions): Promise<NativeArtifact> => builder.buildNative(fn(spec), options);

  const run = ({ executable }: NativeArtifact, ...args: string[]): string => {
    const path = join(FOLDER, 'program');
    writeFileSync(path, executable);
    chmodSync(path, 0o755);
    return execFileSync(path, args, { encoding: 'utf8' });
  };

  /** What was compiled and linked, in no order. */
  const steps = async (spec: BuildSpec): Promise<string[]> => {
    const seen: string[] = [];
    await build(spec, { onProgress: (step) => seen.push(step) });
    return seen.toSorted();
  };

  test('C: a header that changes builds again what includes it, and only that; nothing changed builds nothing', async () => {
    using folder = new Folder();
    const spec = sources([folder.write('main.c', MAIN), folder.write('other.c', 'int other;\n')]);
    const header = folder.write('word.h', '#define WORD "one"\n');
    const first = await build(spec);
    assert.equal(run(first), 'one\n');
    assert.equal(first.cached, false);
    assert.ok(first.inputs.includes(header));
    assert.match(first.toolchain, /\d+\.\d+/);
    assert.equal((await build(spec)).cached, true);
    assert.deepEqual(await steps(spec), []);
    folder.write('word.h', '#define WORD "two"\n');
    assert.deepEqual(await steps(spec), ['compiling main.c', 'linking']);
    assert.equal(run(await build(spec)), 'two\n');
    folder.write('word.h', '#define WORD "one"\n');
    assert.deepEqual(await steps(spec), []);
  });

  test('C++ beside C, with definitions, standards, threads and libraries of the system', async () => {
    using folder = new Folder();
    const spec = sources(
      [
        folder.write(
          'main.cpp',
          '#include <cmath>\n#include <iostream>\n#include <thread>\nextern "C" double half(double);\nint main(int count, char **) { std::thread([&] { std::cout << half(std::sqrt(count + 3)) << NAME << __cplusplus << "\\n"; }).join(); }\n',
        ),
        folder.write('half.c', 'double half(double of) { return of / 2; }\n'),
      ],
      { defines: ['NAME=" C++"'], flags: ['-Wall', '-pthread'], linkFlags: ['-lm', '-pthread'], cppStandard: 'c++20' },
    );
    assert.equal(run(await build(spec)), '1 C++202002\n');
  });

  test('every mistake is told as the compiler wrote it, of all sources at once', async () => {
    using folder = new Folder();
    const spec = sources([
      folder.write('a.c', 'int main(void) { return first; }\n'),
      folder.write('b.c', 'int b(void) { return second; }\n'),
    ]);
    await assert.rejects(build(spec), (cause) => {
      assert.ok(cause instanceof WeftError);
      assert.equal(cause.code, 'WEFT_COMPILE_FAILED');
      assert.match(cause.message, /a\.c:1:\d+: error: .first. undeclared/);
      assert.match(cause.message, /b\.c:1:\d+: error: .second. undeclared/);
      return true;
    });
    await assert.rejects(
      build(sources([folder.write('c.c', 'void missing(void); int main(void) { missing(); }\n')])),
      /undefined reference to .missing/,
    );
  });

  test('warnings are told again when nothing is compiled', async () => {
    using folder = new Folder();
    const spec = sources([folder.write('main.c', 'int main(void) { int unused; }\n')], { flags: ['-Wall'] });
    for (const cached of [false, true]) {
      const artifact = await build(spec);
      assert.equal(artifact.cached, cached);
      assert.match(artifact.warnings, /warning: unused variable .unused./);
    }
  });

  test('a source that changes while it is compiled is built as it was read', async () => {
    using folder = new Folder();
    const main = folder.write('main.c', '#include "word.h"\n#include <stdio.h>\nint main(void) { puts(WORD); }\n');
    folder.write('word.h', '#define WORD "from the folder of the source"\n');
    const spec = sources([main]);
    const options = { onProgress: (step: string) => step.startsWith('compiling') && writeFileSync(main, 'int main(void) { return 0; }\n') };
    assert.equal(run(await build(spec, options)), 'from the folder of the source\n');
    assert.equal(run(await build(spec)), '');
  });

  test('flags that would break the build are refused; a signal ends it', async () => {
    using folder = new Folder();
    const main = folder.write('main.c', 'int main(void) { return 0; }\n');
    await assert.rejects(build(sources([main], { flags: ['-o', 'elsewhere'] })), { code: 'WEFT_FLAG_REFUSED' });
    const reason = new Error('enough');
    await assert.rejects(build(sources([main]), { signal: AbortSignal.abort(reason) }), reason);
  });

  test('nightcore: the example as it is becomes libraries that its worker runs', async () => {
    using folder = new Folder();
    const answers: string[] = [];
    for (const name of ['bar', 'foo']) {
      const spec = fn(sources([join(SDK, '../examples/nightcore', `${name}.c`)]), 'nightcore');
      const { executable, warnings } = await builder.buildNative(spec);
      assert.equal(warnings, '');
      await using host = await HostProcess.start(['nightcore', folder.write(`lib${name}.so`, executable)]);
      await host.expect(FROM_HOST.ready);
      host.send(TO_HOST.call, Buffer.from('Hello'));
      const frame = await host.next();
      answers.push(frame?.payload.subarray(4).toString() ?? '');
    }
    assert.deepEqual(answers, ['Hello, World\n', 'BarHello']);
  });

  test('nightcore: a function that is missing is told by the linker, not by the first call', async () => {
    using folder = new Folder();
    const code = readFileSync(join(SDK, '../examples/nightcore/bar.c'), 'utf8').replace('free(worker_handle)', 'no_such_function()');
    await assert.rejects(builder.buildNative(fn(sources([folder.write('bar.c', code)]), 'nightcore')), /no_such_function/);
  });

  for (const kind of ['cmake', 'make'] as const) {
    test(`${kind}: the project is built as its author builds it, with the SDK in reach`, async () => {
      using folder = new Folder();
      folder.write(
        'CMakeLists.txt',
        'cmake_minimum_required(VERSION 3.16)\nproject(example C)\nadd_executable(program main.c)\nadd_library(worker SHARED worker.c)\n',
      );
      folder.write('Makefile', 'program: main.c\n\t$(CC) -o $@ $<\nlibworker.so: worker.c\n\t$(CC) -shared -fPIC -o $@ $<\n');
      folder.write('main.c', '#include <stdio.h>\n#include <faas/worker_v1_interface.h>\nint main(void) { puts("project"); }\n');
      folder.write('worker.c', '#include <faas/worker_v1_interface.h>\nint faas_init(void) { return 0; }\n');
      const spec = { kind, dir: folder.path, target: 'program', args: [] };
      const first = await build(spec);
      assert.equal(run(first), 'project\n');
      assert.ok(first.inputs.includes(join(folder.path, 'worker.c')));
      assert.equal((await build(spec)).cached, true);
      const library = await build({ ...spec, target: kind === 'cmake' ? 'worker' : 'libworker.so' });
      assert.ok(Buffer.from(library.executable).includes('faas_init'));
      folder.write('main.c', 'int main(void) { return nothing; }\n');
      await assert.rejects(build(spec), /main\.c:1:\d+: error: .nothing. undeclared/);
    });
  }

  test('a compiler that is not there is told, with how to install one', async () => {
    using folder = new Folder();
    const main = folder.write('main.c', 'int main(void) { return 0; }\n');
    const { PATH, CC } = process.env;
    try {
      process.env['PATH'] = folder.path;
      await assert.rejects(build(sources([main])), { code: 'WEFT_TOOLCHAIN_MISSING', hint: /apt-get install gcc libc6-dev/ });
      await assert.rejects(ensureHost(folder.path), { code: 'WEFT_TOOLCHAIN_MISSING', hint: /apt-get install gcc libc6-dev/ });
      process.env['CC'] = 'no-such-compiler -m64';
      await assert.rejects(build(sources([main])), /CC names no-such-compiler, which is not there/);
    } finally {
      process.env['PATH'] = PATH;
      if (CC === undefined) delete process.env['CC'];
      else process.env['CC'] = CC;
    }
  });

  test('weft-host is built once, may be run and not be written', async () => {
    const [path, again] = await Promise.all([ensureHost(FOLDER), ensureHost(FOLDER)]);
    assert.equal(path, again);
    assert.equal(statSync(path).mode & 0o777, 0o555);
    assert.equal(readdirSync(join(FOLDER, 'host')).length, 1);
  });

  for (const names of [['gcc'], ['clang', 'clang-21', 'clang-20', 'clang-19', 'clang-18', 'clang-17', 'clang-16']]) {
    test(`weft-host compiles without a warning: ${names[0]}`, async (t) => {
      const found = (await Promise.all(names.map(findProgram))).find((path) => path !== undefined);
      if (found === undefined && process.env['WEFT_TEST_REQUIRE_ALL'] !== '1') return t.skip(`there is no ${names[0]}`);
      assert.ok(found !== undefined);
      const files = readdirSync(join(SDK, 'host')).filter((name) => name.endsWith('.c'));
      const flags = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', `-I${join(SDK, 'include')}`];
      for (const file of files) execFileSync(found, [...flags, '-c', join(SDK, 'host', file), '-o', '/dev/null'], { stdio: 'pipe' });
    });
  }
});
