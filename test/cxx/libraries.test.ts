/** Header-only libraries as distributions install them, in functions. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Builder } from '../../src/toolchain/index.ts';
import { builderOf, CHOICES } from '../toolchain/workshop.ts';
import { answerOf, built, expected, PROGRAMS, REQUIRE_ALL } from './functions.ts';

/** Behind the toolchain's own headers: beside the libraries lie those of the system's libc. */
const SYSTEM_HEADERS = ['-idirafter', '/usr/include'];

const CASES = [
  {
    what: 'nlohmann/json parses, answers and throws',
    file: 'json.cpp',
    header: '/usr/include/nlohmann/json.hpp',
    debian: 'nlohmann-json3-dev',
    flags: SYSTEM_HEADERS,
    body: '{"name":"x","items":[{"count":1},{"count":41}]}',
  },
  {
    what: 'stb_image decodes a PNG and stb_image_resize halves it, byte for byte as natively',
    file: 'picture.c',
    header: '/usr/include/stb/stb_image_resize.h',
    debian: 'libstb-dev',
    flags: SYSTEM_HEADERS,
    body: readFileSync(join(PROGRAMS, 'picture.png')),
  },
  {
    what: 'Eigen solves, and throws when there is no room',
    file: 'solve.cpp',
    header: '/usr/include/eigen3/Eigen/LU',
    debian: 'libeigen3-dev',
    flags: ['-I/usr/include/eigen3'],
    body: '',
  },
];

for (const toolchain of CHOICES) {
  describe(`libraries, ${toolchain} toolchain`, () => {
    let builder: Builder | undefined;
    before(async () => {
      builder = await builderOf(toolchain);
    });
    after(() => builder?.close());

    for (const { what, file, header, debian, flags, body } of CASES) {
      test(what, async (context) => {
        if (!builder) return context.skip('there is no clang on this machine that links for WebAssembly');
        if (!existsSync(header) && !REQUIRE_ALL) return context.skip(`${header} is missing; on Debian: sudo apt-get install ${debian}`);
        assert.equal(await answerOf(await built(builder, { file, flags }), body), expected(file));
      });
    }
  });
}
