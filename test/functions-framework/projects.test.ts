/** Apps of Google's functions-framework that bring a CMakeLists.txt, in contexts and in processes. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadApp } from '../../src/manifest/index.ts';
import type { FunctionSpec } from '../../src/model/app.ts';
import type { Builder } from '../../src/toolchain/index.ts';
import { TestEngine } from '../engine/harness.ts';
import { builderOf, Folder } from '../toolchain/workshop.ts';
import { ask, type Answer } from './hosted.ts';
import { Server } from './process.ts';

const LEGACY = join(import.meta.dirname, 'sources/legacy-app');
const CMAKE = 'cmake';
const SDK_CMAKE = join(import.meta.dirname, '../../sdk/cmake');
const hasCmake = process.env['WEFT_TEST_REQUIRE_ALL'] === '1' || spawnSync(CMAKE, ['--version']).status === 0;

/** An app as its author has it, and its only function. */
async function app(folder: Folder, keys: string): Promise<FunctionSpec> {
  folder.write('weft.yaml', `app: a\nfunctions:\n  f: { contract: functions-framework, cmake: {}, ${keys} }\n`);
  const [fn] = (await loadApp(folder.path)).functions;
  assert.ok(fn);
  return fn;
}

function legacyApp(): Folder {
  const folder = new Folder();
  cpSync(LEGACY, folder.path, { recursive: true });
  return folder;
}

function globbedApp(): Folder {
  const folder = new Folder();
  folder.write(
    'CMakeLists.txt',
    `cmake_minimum_required(VERSION 3.16)
project(globbed CXX)
find_package(functions_framework_cpp 1.1 REQUIRED)
functions_framework_cpp_define_target_with_glob(\${CMAKE_CURRENT_SOURCE_DIR})
`,
  );
  folder.write(
    'src/hello.cc',
    `#include <google/cloud/functions/http_request.h>
#include <google/cloud/functions/http_response.h>
#include "words.h"
namespace ns0::ns1 {
google::cloud::functions::HttpResponse Hello(google::cloud::functions::HttpRequest) {
  return google::cloud::functions::HttpResponse().set_payload(words());
}
}  // namespace ns0::ns1
`,
  );
  folder.write('src/words.h', '#include <string>\nstd::string words();\n');
  folder.write('src/deeper/words.cxx', '#include "../words.h"\nstd::string words() { return "of two sources"; }\n');
  return folder;
}

async function inContext(builder: Builder, fn: FunctionSpec): Promise<Answer> {
  const { wasm } = await builder.build(fn);
  const engine = await TestEngine.start();
  try {
    await engine.deploy({ fn: { wasm, spec: { contract: 'functions-framework' } } });
    return await ask(engine, {});
  } finally {
    await engine.close();
  }
}

async function inProcess(folder: Folder, builder: Builder, fn: FunctionSpec): Promise<Answer> {
  const program = folder.write('program', (await builder.buildNative(fn)).executable);
  chmodSync(program, 0o755);
  return answerOf(program);
}

async function answerOf(program: string): Promise<Answer> {
  const server = await Server.start(program);
  try {
    return await server.send({});
  } finally {
    await server.close();
  }
}

const APPS = [
  { name: 'a library that make builds', make: legacyApp, keys: 'target: UseLegacy', says: 'standard 201402\n' },
  {
    name: 'all sources below a folder, a function in namespaces',
    make: globbedApp,
    keys: 'target: "::ns0::ns1::Hello"',
    says: 'of two sources',
  },
] as const;

describe('apps with CMake', { skip: hasCmake ? false : 'cmake is not installed' }, async () => {
  const builder = await builderOf('system');
  after(() => builder?.close());
  if (!builder) return test('the system has a clang', { skip: 'there is no clang with wasm-ld on this machine' });

  for (const { name, make, keys, says } of APPS) {
    describe(name, () => {
      let folder: Folder;
      before(() => {
        folder = make();
      });
      after(() => folder[Symbol.dispose]());
      test('in a context', async () => assert.equal((await inContext(builder, await app(folder, keys))).body, says));
      test('in a process', async () => {
        const fn = await app(folder, `isolation: process, ${keys}`);
        assert.equal((await inProcess(folder, builder, fn)).body, says);
      });
    });
  }

  test('without the library the reason is told', async () => {
    using folder = new Folder();
    folder.write('CMakeLists.txt', 'cmake_minimum_required(VERSION 3.16)\nproject(empty CXX)\n');
    await assert.rejects(builder.build(await app(folder, 'target: F')), (cause: Error & { details?: { output?: unknown } }) => {
      assert.match(String(cause.details?.output), /defines no library\s+functions_framework_cpp_function/);
      return true;
    });
  });

  test('the package is for any CMake: a program with a main of its own, without Weft', async () => {
    using folder = legacyApp();
    const build = join(folder.path, 'build');
    execFileSync(CMAKE, ['-S', folder.path, '-B', build, `-DCMAKE_PREFIX_PATH=${SDK_CMAKE}`], { stdio: 'pipe' });
    execFileSync(CMAKE, ['--build', build, '--target', 'main'], { stdio: 'pipe' });
    assert.equal((await answerOf(join(build, 'main'))).body, 'standard 201402\n');
  });
});
