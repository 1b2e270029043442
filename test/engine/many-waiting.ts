/**
 * A process of its own, so that its memory can be measured: many requests wait at once in one engine thread, in one function
 * or in one that another calls by a switch. Arguments: how, and how many. Prints what it saw, as JSON.
 */
import { compiled } from './compiled.ts';
import { TestEngine } from './harness.ts';

const [, , how, count] = process.argv;
const REQUESTS = Number(count);
const WAITING = `
#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *input = weft_request_body(request, &length);
  weft_sleep_ms(1000);
  return weft_response_write(response, input, length);
}`;
const CALLING = `
#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *input = weft_request_body(request, &length);
  weft_result result;
  const int error = weft_call("waiting", input, length, &result);
  return error ? error : weft_response_write(response, result.data, result.length);
}`;

const merged = how === 'merged';
const limits = { concurrency: 2 * REQUESTS, deadlineMs: 120_000 };
const functions = { calling: { wasm: await compiled(CALLING), limits }, waiting: { wasm: await compiled(WAITING), limits } };
const engine = await TestEngine.start();
await engine.deploy(functions, merged ? [['calling', 'waiting']] : []);
const name = merged ? 'calling' : 'waiting';
await engine.call(name, 'first');

const before = process.memoryUsage().rss;
const replies = Array.from({ length: REQUESTS }, (_, i) => engine.call(name, `request ${i}`));
// None can have gone on yet: the thread has not been free since they came.
const waiting = engine.thread.runtime.waiting;
const grown = process.memoryUsage().rss - before;
const right = (await Promise.all(replies)).filter(({ status, body }, i) => status === 200 && body === `request ${i}`).length;
await engine.close();
process.stdout.write(`${JSON.stringify({ waiting, right, grown })}\n`);
