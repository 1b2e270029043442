/** Projects that bring a build system of their own. */
import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import { WeftError } from '../../src/model/errors.ts';
import { answerOf, builderOf, Folder, fn } from './workshop.ts';

const PRINT = '#include <stdio.h>\n';
const CMAKE = `cmake_minimum_required(VERSION 3.16)
project(example C CXX)
add_library(part STATIC part.cpp)
target_include_directories(part PUBLIC include)
add_executable(filter main.c)
target_link_libraries(filter PRIVATE part)
add_executable(handler handler.c)
`;
const MAKE = `CFLAGS = -O1 -Wall
OBJECTS = main.o part.o
filter: $(OBJECTS) libempty.a
\t$(CXX) $(LDFLAGS) -o $@ $(OBJECTS) -L. -lempty
libempty.a: empty.o
\t$(AR) rc $@ $^
\t$(RANLIB) $@
handler: handler.c
\t$(CC) $(CFLAGS) -o $@ $<
main.o part.o: include/part.h
`;

function project(): Folder {
  const folder = new Folder();
  folder.write('CMakeLists.txt', CMAKE);
  folder.write('Makefile', MAKE);
  folder.write('main.c', `${PRINT}#include "include/part.h"\nint main(void) { printf("%d", part()); }\n`);
  folder.write('include/part.h', '#ifdef __cplusplus\nextern "C"\n#endif\nint part(void);\n');
  folder.write('part.cpp', '#include "include/part.h"\n#include <string>\nint part() { return (int)std::string(6, \'x\').size(); }\n');
  folder.write('empty.c', 'int empty;\n');
  folder.write('handler.c', '#include <weft/v1.h>\nvoid weft_handle(weft_request *request) { (void)request; }\n');
  return folder;
}

describe('projects', async () => {
  const builder = await builderOf('system');
  after(() => builder?.close());
  if (!builder) return test('the system has a clang', { skip: 'there is no clang with wasm-ld on this machine' });

  for (const kind of ['cmake', 'make'] as const) {
    test(`${kind}: C and C++, a library; changed and built again`, async () => {
      using folder = project();
      const spec = fn({ kind, dir: folder.path, target: 'filter', args: [] });
      const first = await builder.build(spec);
      assert.equal(first.warnings, '');
      assert.equal(await answerOf(first), '6');
      assert.deepEqual(first.inputs.map((path) => path.slice(folder.path.length + 1)).toSorted(), [
        'CMakeLists.txt',
        'Makefile',
        'empty.c',
        'handler.c',
        'include/part.h',
        'main.c',
        'part.cpp',
      ]);
      assert.equal((await builder.build(spec)).cached, true);
      folder.write('main.c', `${PRINT}int main(void) { puts("changed"); }\n`);
      assert.equal(await answerOf(await builder.build(spec)), 'changed\n');
    });

    test(`${kind}: a wasm-opt in the PATH has no part in it`, async () => {
      using folder = project();
      const optimiser = folder.write('programs/wasm-opt', '#!/bin/sh\nexit 1\n');
      await chmod(optimiser, 0o755);
      const { PATH } = process.env;
      process.env['PATH'] = `${folder.path}/programs:${PATH}`;
      try {
        assert.equal(await answerOf(await builder.build(fn({ kind, dir: folder.path, target: 'filter', args: [] }))), '6');
      } finally {
        process.env['PATH'] = PATH;
      }
    });

    test(`${kind}: an error is told as the compiler wrote it`, async () => {
      using folder = project();
      folder.write('main.c', 'int main(void) { return nothing; }\n');
      const spec = fn({ kind, dir: folder.path, target: 'filter', args: [] });
      await assert.rejects(builder.build(spec), (cause) => {
        assert.ok(cause instanceof WeftError && cause.code === 'WEFT_COMPILE_FAILED', String(cause));
        assert.match(String(cause.details['output']), /main\.c:1:25: error: use of undeclared identifier 'nothing'/);
        return true;
      });
    });

    test(`${kind}: a target or folder that is not there`, async () => {
      using folder = project();
      await assert.rejects(builder.build(fn({ kind, dir: folder.path, target: 'gone', args: [] })), /gone/);
      await assert.rejects(builder.build(fn({ kind, dir: `${folder.path}/include`, target: 'filter', args: [] })), {
        code: 'WEFT_SOURCE_REFUSED',
      });
    });
  }

  test('make and cmake pass arguments on', async () => {
    using folder = new Folder();
    folder.write(
      'CMakeLists.txt',
      'cmake_minimum_required(VERSION 3.16)\nproject(e C)\nadd_executable(f main.c)\ntarget_compile_definitions(f PRIVATE N=${N})\n',
    );
    folder.write('Makefile', 'f: main.c\n\t$(CC) -DN=$(N) -o $@ $<\n');
    folder.write('main.c', `${PRINT}int main(void) { printf("%d", N); }\n`);
    assert.equal(await answerOf(await builder.build(fn({ kind: 'cmake', dir: folder.path, target: 'f', args: ['-DN=1'] }))), '1');
    assert.equal(await answerOf(await builder.build(fn({ kind: 'make', dir: folder.path, target: 'f', args: ['N=2'] }))), '2');
  });
});

test('with the embedded toolchain alone, a project says what to install', async () => {
  using folder = project();
  const builder = await builderOf('embedded');
  try {
    const build = builder?.build(fn({ kind: 'cmake', dir: folder.path, target: 'filter', args: [] })) ?? Promise.resolve();
    await assert.rejects(build, (cause) => {
      assert.ok(cause instanceof WeftError);
      assert.equal(cause.code, 'WEFT_TOOLCHAIN_MISSING');
      assert.match(cause.hint, /apt-get install clang-19 lld-19/);
      return true;
    });
  } finally {
    await builder?.close();
  }
});
