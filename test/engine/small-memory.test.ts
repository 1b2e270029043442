/** A function that can reach only the end of its memory: nothing lies below its address 0 for anybody. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { compiled } from './compiled.ts';
import { TestEngine } from './harness.ts';

const COMMON = `
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <weft/v1.h>
__attribute__((import_module("weft"), import_name("call"))) int32_t raw_call(int32_t, const void *, uint32_t, void *, uint32_t);
__attribute__((import_module("weft"), import_name("result"))) int32_t raw_result(void *, uint32_t, uint32_t);
__attribute__((import_module("weft"), import_name("resolve"))) int32_t raw_resolve(const char *, uint32_t);
`;

/** First letter of its input: what to do; then a number. */
const CALLER = `${COMMON}
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *input = weft_request_body(request, &length);
  const uint32_t at = length > 1 ? (uint32_t)strtoul(input + 1, NULL, 10) : 0;
  char out[64], text[64] = "";
  const int32_t callee = raw_resolve("callee", 6);
  int32_t result = 0;
  switch (length > 0 ? input[0] : ' ') {
    case 'r': result = *(volatile unsigned char *)at; break;
    case 'w': *(volatile unsigned char *)at = 1; break;
    case 'i': result = raw_call(callee, (void *)at, 40, out, sizeof out); break;
    case 'o': result = raw_call(callee, "0123456789012345678901234567890123456789", 40, (void *)at, 40); break;
    case 'l': raw_call(callee, "0123456789", 10, out, sizeof out); result = raw_result((void *)at, 0, 10); break;
    case 'c': result = raw_call(callee, "0123456789", 10, out, sizeof out); memcpy(text, out, 10); break;
    case 'm': { char *p = malloc(300000); if (p) memset(p, 1, 300000); result = (int32_t)p; break; }
  }
  char answer[100];
  const int n = snprintf(answer, sizeof answer, "%d %s", result, text);
  return weft_response_write(response, answer, n);
}`;

const CALLEE = `${COMMON}
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *input = weft_request_body(request, &length);
  return weft_response_write(response, input, length);
}`;

const TWO_32 = 2 ** 32;
const PAGE = 65_536;

for (const merge of [[], [['caller', 'callee']]]) {
  describe(`a function of small memory, ${merge.length > 0 ? 'merged' : 'apart'}`, () => {
    let engine: TestEngine;
    let base: number;
    before(async () => {
      const caller = await compiled(CALLER);
      const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(caller), 'weft.abi');
      ({ base } = JSON.parse(new TextDecoder().decode(section)) as { base: number });
      engine = await TestEngine.start();
      const outcome = await engine.deploy({ caller: { wasm: caller }, callee: { wasm: await compiled(CALLEE) } }, merge);
      assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    });
    after(() => engine.close());

    const body = async (input: string): Promise<string> => {
      const { status, body } = await engine.call('caller', input);
      return `${status} ${status === 200 ? body : ''}`;
    };

    test('answers, and its addresses end where its memory does', async () => {
      assert.ok(base > PAGE / 4 && base % 64 === 0, `${base}`);
      assert.equal(await body('c'), '200 10 0123456789');
      assert.equal(await body(`r${PAGE - base - 1}`), '200 0 ');
    });

    test('traps at each address outside, those that would come out below its first among them', async () => {
      for (const at of [PAGE - base, PAGE, TWO_32 - base, TWO_32 - base + 64, TWO_32 - 64, TWO_32 - 1])
        for (const how of ['r', 'w', 'i', 'o', 'l']) assert.equal(await body(`${how}${at}`), '502 ', `${how} ${at}`);
      assert.equal(await body('c'), '200 10 0123456789');
    });

    test('is given the memory again that an earlier request added', async () => {
      const first = await body('m');
      assert.match(first, /^200 [1-9]\d* $/);
      for (let i = 0; i < 40; i++) assert.equal(await body('m'), first);
    });
  });
}

test('a function whose calls answer a few KB does not grow', async () => {
  const caller = `${COMMON}
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *input = weft_request_body(request, &length);
  if (input[0] == 'r') return weft_response_write(response, (char *)strtoul(input + 1, NULL, 10), 1);
  weft_result result;
  const int error = weft_call("callee", input, length, &result);
  return error ? error : weft_response_body(response, result.data, result.length);
}`;
  const engine = await TestEngine.start();
  const functions = { caller: { wasm: await compiled(caller) }, callee: { wasm: await compiled(CALLEE) } };
  const outcome = await engine.deploy(functions, [['caller', 'callee']]);
  assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  for (const bytes of [1100, 2000]) assert.equal((await engine.call('caller', 'x'.repeat(bytes))).body, 'x'.repeat(bytes));
  assert.equal((await engine.call('caller', `r${PAGE}`)).status, 502);
  await engine.close();
});

test('a program of small memory sees what is in a folder', async () => {
  const wasm = await compiled(
    `#include <dirent.h>
    #include <stdio.h>
    int main(void) {
      DIR *folder = opendir("/data");
      for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) printf("%s ", entry->d_name);
      return folder == NULL || closedir(folder) != 0;
    }`,
    { contract: 'stdio' },
  );
  const engine = await TestEngine.start();
  try {
    const files = { '/data/one.txt': Buffer.from('1'), '/data/two.txt': Buffer.from('2') };
    await engine.deploy({ fn: { wasm, files, spec: { contract: 'stdio' } } });
    const { status, body } = await engine.call('fn', '');
    assert.deepEqual([status, body], [200, '. .. one.txt two.txt ']);
  } finally {
    await engine.close();
  }
});
