/** nginx with one worker: as a server that does the least there is to do, and as a proxy that does the least there is to relay. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Side, start, stop } from '../lib/processes.ts';
import { freePort, type Server, untilItAnswers } from './server.ts';

/** Answers 200 with so many bytes. */
export function startNginx(bodyBytes: number): Promise<Server> {
  return startWith('nginx', 'server', `location / { return 200 "${'x'.repeat(bodyBytes)}"; }`);
}

/** Passes everything on to the server at `origin` (host and port), over connections that it keeps. */
export function startProxy(origin: string, side: Side): Promise<Server> {
  const location = 'location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; }';
  return startWith('through nginx', side, location, `upstream origin { server ${origin}; keepalive 64; keepalive_requests 1000000000; }`);
}

async function startWith(name: string, side: Side, location: string, upstream = ''): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const port = await freePort();
  writeFileSync(join(dir, 'nginx.conf'), configuration(dir, port, location, upstream));
  const child = start(side, ['nginx', '-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]);
  const url = `http://127.0.0.1:${port}/`;
  await untilItAnswers(url);
  return {
    name,
    url,
    async close() {
      await stop(child);
      rmSync(dir, { recursive: true });
    },
  };
}

const configuration = (dir: string, port: number, location: string, upstream: string): string => `
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
  ${upstream}
  server {
    listen 127.0.0.1:${port};
    default_type text/plain;
    ${location}
  }
}
`;
