/** Contracts in a few lines each: what is tested is how containers are run, not what a contract makes of requests. */
import { http } from '../../src/contracts/http.ts';
import type { HttpWire, StdioWire, Wires } from '../../src/drivers/wire.ts';
import { Failure } from '../../src/engine/contract.ts';

const NOTHING = new Uint8Array(0);

/** Fn's rules for statuses (its agent's, which are not HTTP's). */
const fn: HttpWire = {
  kind: 'http',
  listens: 'unix',
  exclusive: true,
  env: (_spec, address) => ({ FN_FORMAT: 'http-stream', FN_LISTENER: address }),
  notReady: (_spec, how, reason) => new Failure(reason, { status: how === 'late' ? 504 : 502, head: NOTHING, body: Buffer.from(how) }),
  ask: (_spec, { body }, { id }) => ({
    method: 'POST',
    target: '/call',
    headers: [
      ['Host', 'localhost'],
      ['Fn-Call-Id', id],
    ],
    body,
  }),
  answer: (_spec, { status, headers }) => {
    const head = Buffer.from(headers.map(([name, value]) => `${name}: ${value}\r\n`).join(''));
    return status === 200
      ? { kind: 'pass', status, head }
      : {
          kind: 'failure',
          fatal: status !== 502,
          failure: new Failure('invalid function response', { status: 502, head: NOTHING, body: Buffer.from(`${status}`) }),
        };
  },
};

/** A line in, a line out: hot when its settings say so; it streams when they do. */
const stdio: StdioWire = {
  kind: 'stdio',
  life: ({ env }) => (env['LIFE'] === 'hot' ? 'hot' : 'fork'),
  env: (_spec, { method }) => ({ METHOD: method }),
  lifeEnv: () => ({}),
  stdin: (_spec, { body }) => body,
  answerEnd: () => (stdout) => {
    const feed = stdout.indexOf(10);
    return feed < 0 ? undefined : feed + 1;
  },
  streamHead: ({ env }) => (env['STREAM'] === '1' ? NOTHING : undefined),
  joinsErrors: ({ env }) => env['JOIN'] === '1',
  answer: (_spec, _input, { exitCode, signal, stdout }) =>
    exitCode === 0 ? { status: 200, head: NOTHING, body: stdout } : new Failure(`exit ${exitCode} ${signal ?? ''}`),
};

export const WIRES: Wires = { http, fn, stdio };
