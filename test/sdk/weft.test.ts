import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { toolchains } from './build.ts';
import { Host, type HostOptions } from './host.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ok = (body: string) => ({ status: 200, body: bytes(body) });

for (const toolchain of toolchains()) {
  /** A function whose body is `code`; `before` goes in front of it. */
  const start = async (code: string, options: HostOptions = {}, before = ''): Promise<Host> => {
    const source = `#include <weft/v1.h>
#include <stdio.h>
#include <string.h>
${before}
int weft_handle(weft_request *request, weft_response *response) {
  (void)request; (void)response;
  ${code}
}`;
    return Host.start(await toolchain.build({ contract: 'weft', sources: { 'function.c': source } }), options);
  };
  const print = (format: string, values: string): string => `
    char line[512];
    snprintf(line, sizeof line, "${format}", ${values});
    return weft_response_write(response, line, strlen(line));`;

  describe(`weft contract, ${toolchain.name} toolchain`, () => {
    test('a body is lent back without a copy', async () => {
      const host = await start('size_t n; void *b = weft_request_body(request, &n); return weft_response_body(response, b, n);');
      assert.deepEqual(await host.request(['POST / HTTP/1.1'], 'hello'), { result: 0, status: 200, head: '', body: 'hello' });
      const large = 'x'.repeat(100_000);
      assert.equal((await host.request(['POST / HTTP/1.1'], large)).body, large);
      assert.equal((await host.call('from a function')).body, 'from a function');
      assert.equal((await host.call('')).body, '');
    });

    test('method, path and query are split from the first line', async () => {
      const host = await start(print('%s|%s|%s', 'weft_request_method(request), weft_request_path(request), weft_request_query(request)'));
      const seen = async (line: string): Promise<string> => (await host.request([line, 'Host: x'])).body;
      assert.equal(await seen('GET /function/f HTTP/1.1'), 'GET|/|');
      assert.equal(await seen('PUT /function/f/a/b%20c?x=1&y=? HTTP/1.1'), 'PUT|/a/b%20c|x=1&y=?');
      assert.equal(await seen('GET /function/f?q HTTP/1.1'), 'GET|/|q');
      assert.equal(await seen('GET /function/f/? HTTP/1.1'), 'GET|/|');
      assert.equal(await seen('GET /elsewhere HTTP/1.1'), 'GET|/elsewhere|');
      assert.equal(await seen('GET http://host/function/f/z?q HTTP/1.1'), 'GET|/z|q');
      assert.equal(await seen('GET http://host HTTP/1.1'), 'GET|/|');
      assert.equal(await seen('OPTIONS * HTTP/1.1'), 'OPTIONS|*|');
      assert.equal((await host.call()).body, 'POST|/|');
    });

    test('parameters of the query are decoded', async () => {
      const host = await start(`
        const char *a = weft_request_parameter(request, "a b"), *x = weft_request_parameter(request, "x"), *n = weft_request_parameter(request, "none"), *e = weft_request_parameter(request, "");
        ${print('%s|%s|%s|%s', 'a ? a : "-", x ? x : "-", n ? n : "-", e ? e : "-"')}`);
      const seen = async (query: string): Promise<string> => (await host.request([`GET /?${query} HTTP/1.1`])).body;
      assert.equal(await seen('x=1&a%20b=%C3%A9+%2B%zz%4&x=2'), 'é +%zz%4|1|-|-');
      assert.equal(await seen('a+b&x='), '||-|-');
      assert.equal(await seen('&&=v&nonesuch=1&xx=2'), '-|-|-|v');
      assert.equal(await seen(''), '-|-|-|-');
    });

    test('any headers: listed as sent, without the blanks around values, the first of a name found', async () => {
      const host = await start(`
        weft_header_cursor cursor = {0};
        const char *name, *value;
        const char *wanted = weft_request_header(request, "x-0");
        while (weft_request_next_header(request, &cursor, &name, &value)) {
          weft_response_write(response, name, strlen(name) + 1);
          weft_response_write(response, value, strlen(value) + 1);
        }
        return weft_response_write(response, wanted ? wanted : "-", wanted ? strlen(wanted) : 1);`);
      const name = fc.stringMatching(/^[xX]-[01][-a-z]{0,3}$/);
      const blanks = fc.stringMatching(/^[ \t]{0,3}$/);
      const value = fc.stringMatching(/^([!-~:é]([!-~ \t:é]{0,20}[!-~:é])?)?$/);
      const lines = fc.array(fc.tuple(name, blanks, value, blanks), { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(lines, async (headers) => {
          const { body } = await host.request(['GET / HTTP/1.1', ...headers.map(([n, before, v, after]) => `${n}:${before}${v}${after}`)]);
          const wanted = headers.find(([n]) => n.toLowerCase() === 'x-0')?.[2] ?? '-';
          assert.equal(body, `${headers.map(([n, , v]) => `${n}\0${v}\0`).join('')}${wanted}`);
        }),
      );
    });

    test('headers are found whatever their case, in any order, and again', async () => {
      const host = await start(`
        const char *a = weft_request_header(request, "x-last");
        const char *b = weft_request_header(request, "HOST");
        const char *c = weft_request_header(request, "x-last");
        const char *d = weft_request_header(request, "x-las");
        const char *e = weft_request_header(request, "X-Empty");
        ${print('%s|%s|%s|%s|%s', 'a ? a : "-", b ? b : "-", c ? c : "-", d ? d : "-", e ? e : "-"')}`);
      const head = ['GET / HTTP/1.1', 'Host: example.org', 'X-Empty:', 'X-Last-But-One: 1', 'X-Last: \t two words \t', 'X-Last: second'];
      assert.equal((await host.request(head)).body, 'two words|example.org|two words|-|');
      assert.equal((await host.request(['GET / HTTP/1.1'])).body, '-|-|-|-|-');
      assert.equal((await host.call()).body, '-|-|-|-|-');
    });

    test('headers are listed in order, also after some were looked up', async () => {
      const host = await start(`
        weft_request_header(request, "b");
        weft_header_cursor cursor = {0};
        const char *name, *value;
        while (weft_request_next_header(request, &cursor, &name, &value)) {
          weft_response_write(response, name, strlen(name));
          weft_response_write(response, "=", 1);
          weft_response_write(response, value, strlen(value));
          weft_response_write(response, ";", 1);
        }
        return weft_request_header(request, "C") == NULL;`);
      assert.equal((await host.request(['GET / HTTP/1.1', 'A: 1', 'B: 2:3 ', 'c:', 'D:4'])).body, 'A=1;B=2:3;c=;D=4;');
    });

    test('status and headers of the answer', async () => {
      const host = await start(`
        weft_response_status(response, 201);
        weft_response_header(response, "Content-Type", "text/html; charset=utf-8");
        weft_response_header(response, "Set-Cookie", "a=1");
        weft_response_header(response, "Set-Cookie", "b=2");
        return WEFT_OK;`);
      const { status, head } = await host.request(['GET / HTTP/1.1']);
      assert.equal(status, 201);
      assert.equal(head, 'Content-Type: text/html; charset=utf-8\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n');
    });

    test('C++: a text with a NUL in it is refused where the platform would see but its beginning, and finds nothing', async () => {
      const source = `#include <weft/v1.hpp>
using namespace std::string_literals;
template <typename Run> static bool refused(const Run &run) {
  try { run(); return false; } catch (const weft::error &error) { return error.code() == WEFT_INVALID; }
}
WEFT_HANDLE([](const weft::request &request, weft::response &response) {
  const std::string nul = "X-A\\0B"s;
  const bool all[] = {
    refused([&] { response.header(nul, "c"); }), refused([&] { response.header("X-A", nul); }),
    refused([&] { weft::call(nul); }), refused([&] { weft::start(nul); }), refused([&] { weft::function found(nul); }),
    refused([&] { weft::fetch("http://a/"s + nul); }), refused([&] { weft::fetch("http://a/", {.method = nul}); }),
    refused([&] { weft::fetch("http://a/", {.headers = {{nul, "c"}}}); }), refused([&] { weft::fetch("http://a/", {.headers = {{"c", nul}}}); }),
    !request.header(nul), !request.parameter(nul), !weft::env(nul), request.header("X-A"s) && request.parameter("X-A"s) };
  for (const bool one : all) response.write(one ? "1" : "0");
})`;
      const flags = ['-std=c++20'];
      const host = await Host.start(await toolchain.build({ contract: 'weft', sources: { 'function.cpp': source }, flags }));
      const { result, status, head, body } = await host.request(['GET /?X-A=b HTTP/1.1', 'X-A: b']);
      assert.deepEqual({ result, status, head, body }, { result: 0, status: 200, head: '', body: '1'.repeat(13) });
    });

    test('an illegal status or header is refused and leaves no trace', async () => {
      const host = await start(`
        int refused = 0;
        refused += weft_response_status(response, 99) == WEFT_INVALID;
        refused += weft_response_status(response, 600) == WEFT_INVALID;
        refused += weft_response_status(response, 100) == WEFT_INVALID;
        refused += weft_response_header(response, "X", "a\\r\\nInjected: yes") == WEFT_INVALID;
        refused += weft_response_header(response, "X Y", "a") == WEFT_INVALID;
        refused += weft_response_header(response, "", "a") == WEFT_INVALID;
        refused += weft_response_header(response, "X:", "a") == WEFT_INVALID;
        ${print('%d', 'refused')}`);
      assert.deepEqual(await host.request(['GET / HTTP/1.1']), { result: 0, status: 200, head: '', body: '7' });
    });

    test('answers and headers of any size are gathered; the next request starts empty', async () => {
      const host = await start(`
        size_t n; const char *b = weft_request_body(request, &n);
        for (size_t i = 0; i < n; i++) if (weft_response_write(response, b, n) != 0) return 1;
        for (size_t i = 0; i < n; i++) if (weft_response_header(response, "X-Some-Header", "some value") != 0) return 1;
        return 0;`);
      for (const n of [300, 3, 0, 1000]) {
        const { body, head } = await host.call('y'.repeat(n));
        assert.equal(body, 'y'.repeat(n * n));
        assert.equal(head, 'X-Some-Header: some value\r\n'.repeat(n));
      }
    });

    test('writing after lending appends to what was lent', async () => {
      const host = await start(`
        size_t n; void *b = weft_request_body(request, &n);
        weft_response_write(response, "dropped", 7);
        weft_response_body(response, b, n);
        return weft_response_write(response, "!", 1);`);
      assert.equal((await host.call('lent')).body, 'lent!');
      const large = 'z'.repeat(50_000);
      assert.equal((await host.call(large)).body, `${large}!`);
    });

    test('what weft_handle returns reaches the host', async () => {
      const host = await start('return 7;');
      assert.equal((await host.call()).result, 7);
    });

    test('the init hook runs once, before the first request, and may refuse', async () => {
      const hook = 'static int runs; int weft_on_init(void) { runs++; return weft_env("REFUSE") != NULL; }';
      const host = await start(print('%d', 'runs'), {}, hook);
      await host.call();
      assert.equal((await host.call()).body, '1');
      await assert.rejects(start('return 0;', { env: { REFUSE: '1' } }, hook), /init hook returned 1/);
    });

    for (const slow of [false, true]) {
      test(`calls by name ${slow ? 'that have to wait' : 'that answer at once'}`, async () => {
        const host = await start(
          `size_t n; const char *b = weft_request_body(request, &n);
           weft_result first, second, missing;
           if (weft_call("upper", b, n, &first) != 0) return 1;
           if (weft_call("big", b, n, &second) != 0) return 2;
           if (weft_call("absent", b, n, &missing) != WEFT_NOT_FOUND || missing.data != NULL || missing.length != 0) return 3;
           char *text = weft_alloc(100);
           memset(text, 'x', 100);
           weft_response_status(response, first.status);
           weft_response_write(response, first.data, first.length);
           return weft_response_write(response, second.data, second.length);`,
          {
            slow,
            callees: { upper: (input) => ({ status: 404, body: bytes(input.toUpperCase()) }), big: (input) => ok(input.repeat(1000)) },
          },
        );
        assert.deepEqual(await host.call('hello'), { result: 0, status: 404, head: '', body: `HELLO${'hello'.repeat(1000)}` });
        await host.call('hello');
        assert.equal(host.resolved, 4, 'names are resolved once; unknown ones are asked for again');
      });
    }

    test('errors of a call are the numbers of the header', async () => {
      const host = await start(
        `weft_result r; size_t n; const char *b = weft_request_body(request, &n); char name[16] = {0}; memcpy(name, b, n);
         int e = weft_call(name, "", 0, &r); ${print('%d %s', 'e, weft_error_text(e)')}`,
        { callees: { failing: () => -3, trapping: () => -4, busy: () => -7 } },
      );
      assert.equal((await host.call('failing')).body, '-3 the function called failed');
      assert.equal((await host.call('trapping')).body, '-4 the function called trapped');
      assert.equal((await host.call('busy')).body, '-7 the function called is busy');
      assert.equal((await host.call('nothing')).body, '-2 not found');
    });

    test('a name in a buffer that changes is resolved by its text', async () => {
      const host = await start(
        `size_t n; const char *b = weft_request_body(request, &n); static char name[4];
         for (size_t i = 0; i < n; i++) { weft_result r; name[0] = b[i]; if (weft_call(name, "", 0, &r) == 0) weft_response_write(response, r.data, r.length); }
         return 0;`,
        { callees: Object.fromEntries([...'abcdefghijkl'].map((name) => [name, () => ok(name.toUpperCase())])) },
      );
      assert.equal((await host.call('abaccbaabcdefghijklabcdefghijkl')).body, 'ABACCBAABCDEFGHIJKLABCDEFGHIJKL');
    });

    test('a call into a buffer cuts what is too long and can fetch the rest', async () => {
      const host = await start(
        `char out[16]; weft_function f = weft_find("digits");
         int32_t n = weft_call_into(f, "", 0, out, 4);
         if (n != 10 || weft_call_status() != 203) return 1;
         if (weft_call_rest(out + 4, 4, 6) != 0) return 2;
         if (weft_call_rest(out, 4, 7) != WEFT_TOO_LARGE) return 3;
         if (weft_call_into(weft_find("none"), "", 0, out, 4) != WEFT_NOT_FOUND) return 4;
         return weft_response_write(response, out, 10);`,
        { callees: { digits: () => ({ status: 203, body: bytes('0123456789') }) } },
      );
      assert.deepEqual(await host.call(), { result: 0, status: 200, head: '', body: '0123456789' });
    });

    test('started calls are waited for in any order', async () => {
      const host = await start(
        `int a = weft_start("echo", "first", 5), b = weft_start("echo", "second", 6);
         weft_result ra, rb;
         if (weft_wait(b, &rb) != 0 || weft_wait(a, &ra) != 0) return 1;
         if (weft_start("none", "", 0) != WEFT_NOT_FOUND) return 2;
         weft_response_write(response, ra.data, ra.length);
         return weft_response_write(response, rb.data, rb.length);`,
        { callees: { echo: (input) => ok(input) } },
      );
      assert.equal((await host.call()).body, 'firstsecond');
    });

    for (const slow of [false, true]) {
      test(`an answer is streamed to ${slow ? 'a slow' : 'a quick'} client and gathered for a caller`, async () => {
        const host = await start(
          `weft_response_status(response, 202);
           weft_response_header(response, "X-A", "b");
           weft_response_write(response, "one ", 4);
           if (weft_response_send(response, "two ", 4) != 0) return 1;
           if (weft_kind_is_http(request) && weft_response_status(response, 200) != WEFT_INVALID) return 2;
           weft_response_write(response, "three ", 6);
           if (weft_response_send(response, NULL, 0) != 0) return 3;
           return weft_response_write(response, "end", 3);`,
          { slow },
          'static int weft_kind_is_http(weft_request *r) { return weft_request_header(r, "Host") != NULL; }',
        );
        const { result, body } = await host.request(['GET / HTTP/1.1', 'Host: x']);
        assert.deepEqual([result, host.sent, body], [0, ['202 X-A: b\r\n', 'one ', 'two ', 'three ', 'end'], '']);
        assert.equal((await host.call()).body, 'one two three end');
      });
    }

    test('log entries carry their level', async () => {
      const host = await start(`
        weft_log(WEFT_WARN, "plain");
        weft_log_bytes(WEFT_DEBUG, "bytes and more", 5);
        weft_logf(WEFT_ERROR, "%d and %s", 42, "text");
        char long_text[2000]; memset(long_text, 'l', sizeof long_text - 1); long_text[1999] = 0;
        weft_logf(WEFT_INFO, "%s", long_text);
        return 0;`);
      await host.call();
      assert.deepEqual(host.logs, ['2 plain', '0 bytes', '3 42 and text', `1 ${'l'.repeat(1023)}`]);
    });

    test('environment and secrets are given by name, kept once, and stay where they are', async () => {
      const host = await start(
        `const char *a = weft_env("NAME"), *again = weft_env("NAME"), *other = weft_secret("NAME");
         const char *missing = weft_env("NONE");
         ${print('%s %s %s %d %d', 'from_init, a, other, a == again, missing == NULL')}`,
        { env: { NAME: 'value', LONG: 'v'.repeat(400) }, secrets: { NAME: 'hidden' } },
        `static const char *from_init;
         int weft_on_init(void) { from_init = weft_env("LONG"); return 0; }`,
      );
      assert.equal((await host.call()).body, `${'v'.repeat(400)} value hidden 1 1`);
      assert.equal((await host.call()).body, `${'v'.repeat(400)} value hidden 1 1`);
    });

    test('clocks, random and sleep', async () => {
      const host = await start(`
        int64_t a = weft_monotonic_time_ns(), unix = weft_unix_time_ns();
        unsigned char r[32] = {0}; weft_random(r, sizeof r);
        int sum = 0; for (int i = 0; i < 32; i++) sum += r[i];
        if (weft_sleep_ms(12.5) != 0 || weft_monotonic_time_ns() < a || sum == 0) return 1;
        ${print('%lld', '(long long)(unix / 1000000)')}`);
      const before = Date.now();
      const { body } = await host.call();
      assert.ok(Number(body) >= before - 1 && Number(body) <= Date.now() + 1, body);
      assert.equal(host.slept, 12.5);
    });

    test('an outbound request is composed and its answer taken apart', async () => {
      let asked = '';
      const host = await start(
        `const char *headers[] = {"Accept", "text/plain", "X-Key", "k", NULL};
         weft_fetch_request q = {.url = "https://example.org/a?b", .headers = headers, .body = "data", .body_length = 4};
         weft_fetch_response r;
         if (weft_fetch(&q, &r) != 0) return 1;
         weft_response_status(response, r.status);
         const char *type = weft_fetch_header(&r, "content-type");
         weft_response_header(response, "Content-Type", type);
         if (weft_fetch_header(&r, "Absent") != NULL || weft_fetch_header(&r, "body") != NULL) return 2;
         return weft_response_write(response, r.body, r.body_length);`,
        {
          fetch: (request) => {
            asked = request;
            return `404 Not Found\r\nX: y\r\nContent-Type: text/html\r\n\r\nbody: ${'b'.repeat(6000)}`;
          },
        },
      );
      assert.deepEqual(await host.call(), {
        result: 0,
        status: 404,
        head: 'Content-Type: text/html\r\n',
        body: `body: ${'b'.repeat(6000)}`,
      });
      assert.equal(asked, 'POST https://example.org/a?b\r\nAccept: text/plain\r\nX-Key: k\r\n\r\ndata');
    });

    test('an outbound request that could smuggle another is refused; errors are handed on', async () => {
      const host = await start(
        `weft_fetch_response r;
         const char *bad[] = {"X", "a\\r\\nY: b", NULL};
         weft_fetch_request q = {.url = "https://example.org/ HTTP/1.1\\r\\n"}, h = {.url = "https://example.org/", .headers = bad}, denied = {.url = "https://other.org/"};
         int a = weft_fetch(&q, &r), b = weft_fetch(&h, &r), c = weft_fetch(&denied, &r);
         ${print('%d %d %d %d', 'a, b, c, r.status')}`,
        { fetch: () => -9 },
      );
      assert.equal((await host.call()).body, '-12 -12 -9 0');
    });

    test('memory of a request is given back: a kept context does not grow', async () => {
      const host = await start(
        `weft_result r; for (int i = 0; i < 8; i++) if (weft_call("big", "", 0, &r) != 0) return 1;
         char *a = weft_alloc(1), *b = weft_alloc(40000); a[0] = 1; b[39999] = 1;
         return ((size_t)a | (size_t)b) % 16 != 0;`,
        { callees: { big: () => ok('b'.repeat(20_000)) } },
      );
      await host.call();
      const size = host.memory.buffer.byteLength;
      for (let i = 0; i < 200; i++) assert.equal((await host.call('x'.repeat(5000 + i))).result, 0);
      assert.ok(host.memory.buffer.byteLength <= size + 2 * 65536, `${size} → ${host.memory.buffer.byteLength}`);
    });

    test('a function imports what it uses and nothing else, and starts with two pages', async () => {
      const of = async (code: string): Promise<string[]> => {
        const source = `#include <weft/v1.h>\nint weft_handle(weft_request *q, weft_response *r) { (void)q; (void)r; ${code} }`;
        const module = new WebAssembly.Module(await toolchain.build({ contract: 'weft', sources: { 'f.c': source } }));
        assert.equal(pagesOf(module), 2);
        return WebAssembly.Module.imports(module).map(({ name }) => name);
      };
      assert.deepEqual(await of('size_t n; void *b = weft_request_body(q, &n); return weft_response_body(r, b, n);'), ['grow']);
      assert.deepEqual(await of('weft_response_header(r, "A", weft_request_path(q)); return weft_response_write(r, "x", 1);'), ['grow']);
      assert.deepEqual((await of('weft_log(WEFT_INFO, "x"); return 0;')).sort(), ['grow', 'log']);
      assert.deepEqual((await of('weft_result x; return weft_call("f", "", 0, &x);')).sort(), [
        'await_call',
        'call',
        'grow',
        'resolve',
        'result',
      ]);
    });

    test('a function without weft_handle does not link, and clang says why', async () => {
      await assert.rejects(toolchain.build({ contract: 'weft', sources: { 'f.c': 'int nothing;' } }), /weft_handle/);
    });
  });
}

/** Pages that an instance has at its start. */
function pagesOf(module: WebAssembly.Module): number {
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => 0;
  }
  const { memory } = new WebAssembly.Instance(module, imports).exports;
  assert.ok(memory instanceof WebAssembly.Memory);
  return memory.buffer.byteLength / 65536;
}
