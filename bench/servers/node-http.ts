/** `node:http` on the same Node: an echo as one would write it. */
import { start, stop } from '../lib/processes.ts';
import { freePort, type Server, untilItAnswers } from './server.ts';

const PROGRAM = `
const { createServer } = require('node:http');
createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const body = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length });
    response.end(body);
  });
}).listen(Number(process.argv[1]), '127.0.0.1');
`;

export async function startNodeHttp(): Promise<Server> {
  const port = await freePort();
  const child = start('server', [process.execPath, '-e', PROGRAM, String(port)]);
  const url = `http://127.0.0.1:${port}/`;
  await untilItAnswers(url);
  return { name: 'node:http', url, close: () => stop(child) };
}
