import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toolchains } from './build.ts';
import { Host, type HostOptions } from './host.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const toolchain of toolchains()) {
  const start = async (source: string, options: HostOptions = {}, name = 'program.c'): Promise<Host> =>
    Host.start(await toolchain.build({ contract: 'stdio', sources: { [name]: source } }), options);

  describe(`stdio contract, ${toolchain.name} toolchain`, () => {
    test('a filter reads its input and prints the answer', async () => {
      const host = await start(
        '#include <ctype.h>\n#include <stdio.h>\nint main(void) { int c; while ((c = getchar()) != EOF) putchar(toupper(c)); }',
        {
          stdin: () => bytes('some text'),
        },
      );
      assert.equal((await host.request(['POST / HTTP/1.1'])).result, 0);
      assert.equal(host.stdout, 'SOME TEXT');
    });

    test('arguments and environment reach main', async () => {
      const source =
        '#include <stdio.h>\n#include <stdlib.h>\nint main(int argc, char **argv) { printf("%d %s %s", argc, argv[1], getenv("Http_Method")); return 0; }';
      const host = await start(source, { args: ['one'], wasiEnv: { Http_Method: 'PUT' } });
      await host.request(['PUT / HTTP/1.1']);
      assert.equal(host.stdout, '2 one PUT');
    });

    test('what main returns is the exit code, and atexit handlers ran', async () => {
      const host = await start(
        '#include <stdio.h>\n#include <stdlib.h>\nstatic void bye(void) { printf("bye"); }\nint main(void) { atexit(bye); printf("out "); fprintf(stderr, "err"); return 3; }',
      );
      assert.equal((await host.request(['POST / HTTP/1.1'])).result, 1);
      assert.deepEqual([host.argument, host.stdout, host.stderr], [3, 'out bye', 'err']);
    });

    test('exit in the middle arrives at the host, with the output flushed', async () => {
      const host = await start(
        '#include <stdio.h>\n#include <stdlib.h>\nstatic void bye(void) { printf("bye"); }\nstatic void deep(int n) { if (n == 0) exit(7); deep(n - 1); }\nint main(void) { atexit(bye); printf("out "); deep(5); printf("never"); }',
      );
      await assert.rejects(host.request(['POST / HTTP/1.1']), /exit 7/);
      assert.deepEqual([host.exitCode, host.stdout], [7, 'out bye']);
    });

    test('a program that forgot main does not link', async () => {
      await assert.rejects(start('int not_main(void) { return 0; }'), /main/);
    });
  });
}
