/** nginx with one worker: `return 200` with a body as long as the request's, which is the least work an HTTP server can do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, stop } from '../lib/processes.ts';
import { freePort, type Server, untilItAnswers } from './server.ts';

export async function startNginx(bodyBytes: number): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const port = await freePort();
  writeFileSync(join(dir, 'nginx.conf'), configuration(dir, port, 'x'.repeat(bodyBytes)));
  const child = start('server', ['nginx', '-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]);
  const url = `http://127.0.0.1:${port}/`;
  await untilItAnswers(url);
  return {
    name: 'nginx',
    url,
    async close() {
      await stop(child);
      rmSync(dir, { recursive: true });
    },
  };
}

const configuration = (dir: string, port: number, body: string): string => `
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${dir};
  proxy_temp_path ${dir};
  fastcgi_temp_path ${dir};
  uwsgi_temp_path ${dir};
  scgi_temp_path ${dir};
  server {
    listen 127.0.0.1:${port};
    default_type text/plain;
    location / { return 200 "${body}"; }
  }
}
`;
