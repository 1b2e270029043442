/** Outbound HTTP of functions: to granted origins, within the limits, alone and merged. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compiled } from './compiled.ts';
import { TestEngine } from './harness.ts';

/** Calls `echo`, so that there is a result before; then fetches its input, and answers with status, a header, length and body. */
const FETCHING = `
#include <weft/v1.h>
#include <stdio.h>
#include <string.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *input = weft_request_body(request, &length);
  char url[512] = {0};
  memcpy(url, input, length);
  char earlier[8];
  weft_call_into(weft_find("echo"), "an earlier result", 17, earlier, sizeof earlier);
  const char *headers[] = {"X-Mine", "yes", "Host", "elsewhere.example", "Connection", "close", NULL};
  weft_fetch_response got;
  const int error = weft_fetch(&(weft_fetch_request){.url = url, .headers = headers}, &got);
  if (error) return weft_response_write(response, weft_error_text(error), strlen(weft_error_text(error)));
  char line[256];
  const char *kind = weft_fetch_header(&got, "X-Kind"), *coding = weft_fetch_header(&got, "Content-Encoding");
  weft_response_write(response, line, (size_t)snprintf(line, sizeof line, "%d %s %s %zu ", got.status, kind ? kind : "-", coding ? coding : "-", got.body_length));
  return weft_response_write(response, got.body, got.body_length);
}`;
const ECHO = `
#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *input = weft_request_body(request, &length);
  return weft_response_write(response, input, length);
}`;

const LARGE = 'large '.repeat(20_000);

function serve({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  const answer = (body: string | Buffer, more: Record<string, string> = {}): void =>
    void response.writeHead(200, { 'x-kind': url.slice(1), ...more }).end(body);
  if (url === '/small') answer('small');
  else if (url === '/large') answer(LARGE);
  else if (url === '/gzip') answer(gzipSync('unzipped'), { 'content-encoding': 'gzip' });
  else if (url === '/headers') answer(`${String(headers['x-mine'])} ${headers.host?.startsWith('127.0.0.1')}`);
  else if (url === '/redirect') response.writeHead(302, { location: '/small' }).end();
  else if (url === '/break') response.socket?.destroy();
  else if (url === '/slow') setTimeout(() => answer('late'), 20_000).unref();
  else if (url === '/endless') {
    const timer = setInterval(() => response.write('x'.repeat(100_000)), 1);
    response.on('close', () => clearInterval(timer));
  } else response.writeHead(404).end();
}

describe('a function that fetches', () => {
  let engine: TestEngine;
  let server: Server;
  let origin: string;
  let wasm: Uint8Array;
  let echo: Uint8Array;
  before(async () => {
    server = createServer(serve).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    engine = await TestEngine.start();
    wasm = await compiled(FETCHING);
    echo = await compiled(ECHO);
  });
  after(async () => {
    await engine.close();
    server.closeAllConnections();
    server.close();
  });

  for (const merge of [[], [['fetching', 'echo']]]) {
    const how = merge.length > 0 ? 'merged' : 'alone';
    const deploy = async (deadlineMs = 30_000): Promise<void> => {
      const limits = { requestBytes: 1_000_000, deadlineMs };
      await engine.deploy({ fetching: { wasm, limits, spec: { origins: [origin] } }, echo: { wasm: echo } }, merge);
    };
    const fetched = async (path: string): Promise<string> => (await engine.call('fetching', `${origin}${path}`)).body;

    test(`gets status, headers and body whole, ${how}`, async () => {
      await deploy();
      assert.equal(await fetched('/small'), '200 small - 5 small');
      assert.equal(await fetched('/large'), `200 large - ${LARGE.length} ${LARGE}`);
      assert.equal(await fetched('/missing'), '404 - - 0 ');
    });

    test(`gets bodies decoded, and its own headers through, but those of the connection, ${how}`, async () => {
      await deploy();
      assert.equal(await fetched('/gzip'), '200 gzip - 8 unzipped');
      assert.equal(await fetched('/headers'), '200 headers - 8 yes true');
    });

    test(`is told of a redirect, and does not follow it, ${how}`, async () => {
      await deploy();
      assert.equal(await fetched('/redirect'), '302 - - 0 ');
    });

    test(`gets an error for what breaks off or has no end, ${how}`, async () => {
      await deploy();
      assert.equal(await fetched('/break'), 'connection failed');
      assert.equal(await fetched('/endless'), 'too large');
    });

    test(`ends with 504 when the answer is late, ${how}`, async () => {
      await deploy(100);
      assert.equal((await engine.call('fetching', `${origin}/slow`)).status, 504);
    });

    test(`many wait at once, ${how}`, async () => {
      await deploy();
      const bodies = await Promise.all(Array.from({ length: 30 }, (_, i) => fetched(i % 2 ? '/small' : '/large')));
      bodies.forEach((body, i) => assert.equal(body, i % 2 ? '200 small - 5 small' : `200 large - ${LARGE.length} ${LARGE}`));
    });
  }
});
