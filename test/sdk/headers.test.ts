/** The headers by themselves: every compiler and standard that users may bring, with all warnings. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { SDK, toolchains } from './build.ts';

const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Werror'];
const C_HEADERS = ['weft/v1.h', 'fn/fdk.h', 'faas/worker_v1_interface.h'];
const dir = mkdtempSync(join(tmpdir(), 'weft-sdk-'));
after(() => rmSync(dir, { recursive: true }));

/** Included twice, alone, and used: a guard that fails, a missing include and an unusable declaration all show. */
const C_USE: Readonly<Record<string, string>> = {
  'weft/v1.h': `int weft_on_init(void) { return 0; }
int weft_handle(weft_request *request, weft_response *response) {
  size_t length; weft_result result; weft_header_cursor cursor = {0}; const char *name, *value;
  void *body = weft_request_body(request, &length);
  while (weft_request_next_header(request, &cursor, &name, &value)) weft_logf(WEFT_INFO, "%s: %s", name, value);
  if (weft_call("other", body, length, &result) != WEFT_OK) return WEFT_FAILED;
  return weft_response_write(response, result.data, result.length);
}`,
  'fn/fdk.h': `int fn_init(void) { return 0; }
int fn_handle(fn_request *request, fn_response *response) {
  size_t length; fn_header_cursor cursor = {0}; const char *name, *value;
  void *body = fn_request_body(request, &length);
  while (fn_request_next_header(request, &cursor, &name, &value)) fn_response_header(response, name, value);
  if (fn_request_deadline_ms(request) == 0 || fn_config("KEY") == NULL) return FN_INVALID;
  return fn_response_body(response, body, length);
}`,
  'faas/worker_v1_interface.h': `int faas_init(void) { return 0; }
int faas_create_func_worker(void *c, faas_invoke_func_fn_t i, faas_append_output_fn_t a, void **h) { (void)i; (void)a; *h = c; return 0; }
int faas_destroy_func_worker(void *h) { (void)h; return 0; }
int faas_func_call(void *h, const char *input, size_t length) { (void)h; (void)input; return (int)length; }`,
};
const CPP_USE = `static const weft::function *other;
WEFT_INIT([] { static const weft::function found("other"); other = &found; })
WEFT_HANDLE([](const weft::request &request, weft::response &response) {
  for (const auto &[name, value] : request.headers()) response.header(std::string(name), std::string(value));
  auto one = weft::start("one", request.body()), two = weft::start("two");
  response.status(one.wait().status()).write(two.wait().body()).lend(request.body());
  std::byte room[16];
  response.send(other->call(request.body(), room));
  if (auto key = weft::secret("KEY")) weft::log::info(*key);
  response.write(weft::fetch("https://example.org", {.method = "PUT", .headers = {{"A", "b"}}, .body = "c"}).body());
  weft::sleep_ms(weft::random<unsigned char>());
})`;
const FN_NATIVE = join(SDK, 'lib/contracts/fn-native.c');
const FN_CPP_USE = `FN_INIT([] {})
FN_HANDLE([](const fn::request &request, fn::response &response) {
  for (const auto &[name, value] : request.headers()) response.header(std::string(name), std::string(value));
  if (request.is_http() && request.deadline()) response.status(201).type("text/plain").write(request.url());
  if (!fn::config("KEY")) throw fn::error(FN_INVALID, "no key");
  response.lend(request.body());
})`;
const FN_CPP_SHORT = 'FN_HANDLE([](std::string_view body) { return std::string(body); })';

const source = (header: string, use: string): string => `#include <${header}>\n#include <${header}>\n${use}\n`;
const found = (compiler: string, standard: string): boolean =>
  spawnSync(compiler, [`-std=${standard}`, '-x', standard.includes('+') ? 'c++' : 'c', '-fsyntax-only', '/dev/null']).status === 0;

function compile(compiler: string, file: string, text: string, flags: readonly string[]): void {
  const path = join(dir, file);
  writeFileSync(path, text);
  const { status, stderr } = spawnSync(compiler, [...flags, ...WARNINGS, `-I${join(SDK, 'include')}`, '-fsyntax-only', path], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
}

const STANDARDS: readonly (readonly [string, readonly string[]])[] = [
  ['gcc', ['c11', 'c17', 'c2x', 'c23']],
  ['g++', ['c++17', 'c++20', 'c++23']],
  ['clang', ['c11', 'c17', 'c23']],
  ['clang++', ['c++17', 'c++20', 'c++23']],
  ['clang-19', ['c11', 'c17', 'c23']],
  ['clang++-19', ['c++17', 'c++20', 'c++23']],
];

describe('headers compile without a warning', () => {
  for (const [compiler, standards] of STANDARDS) {
    for (const standard of standards.filter((s) => found(compiler, s))) {
      const cpp = standard.includes('+');
      test(`${compiler} -std=${standard}`, () => {
        for (const header of C_HEADERS)
          compile(compiler, cpp ? 'use.cpp' : 'use.c', source(header, C_USE[header] ?? ''), [`-std=${standard}`]);
        for (const use of cpp ? [FN_CPP_USE, FN_CPP_SHORT] : [])
          compile(compiler, 'use.cpp', source('fn/fdk.hpp', use), [`-std=${standard}`]);
        if (cpp && standard !== 'c++17') compile(compiler, 'use.cpp', source('weft/v1.hpp', CPP_USE), [`-std=${standard}`]);
      });
    }
  }

  for (const [compiler, standards] of STANDARDS) {
    for (const standard of standards.filter((s) => found(compiler, s))) {
      // g++ takes a .c file for C++, so that both must be what it is.
      test(`the program around functions of fn, ${compiler} -std=${standard}`, () =>
        compile(compiler, standard.includes('+') ? 'use.cpp' : 'use.c', `#include "${FN_NATIVE}"\n`, [`-std=${standard}`]));
    }
  }

  for (const toolchain of toolchains()) {
    for (const standard of ['c11', 'c17', 'c23', 'c++17', 'c++20', 'c++23']) {
      const cpp = standard.includes('+');
      const file = cpp ? 'use.cpp' : 'use.c';
      const header = cpp && standard !== 'c++17' ? 'weft/v1.hpp' : 'weft/v1.h';
      test(`${toolchain.name} toolchain to WebAssembly, ${header} as ${standard}`, async () => {
        const use = header.endsWith('hpp') ? CPP_USE : (C_USE[header] ?? '');
        await toolchain.check(file, source(header, use), [`-std=${standard}`, ...WARNINGS, ...(cpp ? ['-fwasm-exceptions'] : [])]);
      });
    }
    test(`${toolchain.name} toolchain, C++ without exceptions`, () =>
      toolchain.check('use.cpp', source('weft/v1.hpp', CPP_USE), ['-std=c++20', '-fno-exceptions', '-fno-rtti', ...WARNINGS]));
  }
});

test('the C headers depend on nothing but stddef.h and stdint.h', () => {
  for (const header of C_HEADERS) {
    const included = [...readFileSync(join(SDK, 'include', header), 'utf8').matchAll(/^\s*#\s*include\s+(\S+)/gm)].map(([, name]) => name);
    assert.deepEqual(
      included.filter((name) => name !== '<stddef.h>' && name !== '<stdint.h>'),
      [],
    );
  }
});
