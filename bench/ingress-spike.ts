/**
 * A server whose functions echo, without an engine: the cost of HTTP alone. One process, one thread, port in argv.
 * `npm run bench` measures the whole; this is for work on the ingress.
 */
import { createIngress } from '../src/gateway/ingress/index.ts';
import type { Exchange, Route } from '../src/model/exchange.ts';

const EMPTY = new Uint8Array(0);
const route: Route = { name: 'echo', maxRequestBytes: 10 * 1024 * 1024 };
/** 'later' answers in a microtask, as a WebAssembly function that may suspend does. */
const later = process.argv[3] === 'later';

async function answerLater(exchange: Exchange): Promise<void> {
  const body = new Uint8Array(exchange.body);
  await null;
  exchange.respond(200, EMPTY, body);
}

const ingress = createIngress(
  {
    dispatcher: {
      route: (name) => (name === 'echo' ? route : undefined),
      dispatch: (_route, exchange) => {
        if (later) void answerLater(exchange);
        else exchange.respond(200, EMPTY, exchange.body);
      },
    },
    control: (_request, client) => client.answer({ status: 404, headers: [], body: EMPTY }),
  },
  { host: '127.0.0.1', port: Number(process.argv[2] ?? 8080), listen: { kind: 'reuse-port' } },
);
console.log(`listening on ${await ingress.listen()}`);
