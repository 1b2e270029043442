/** A client with one connection that it keeps, for answers whose time is measured one by one. */
import { Agent, request } from 'node:http';

export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** Milliseconds until the whole answer is there. @throws Error when it is not 200 */
  async time(url: string, body = ''): Promise<number> {
    const before = performance.now();
    await this.post(url, body);
    return performance.now() - before;
  }

  post(url: string, body = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request(
        url,
        { method: 'POST', agent: this.#agent, headers: { 'Content-Length': Buffer.byteLength(body) } },
        (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('end', () => {
            const text = Buffer.concat(pieces).toString();
            if (response.statusCode === 200) resolve(text);
            else reject(new Error(`${url}: ${response.statusCode} ${text}`));
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
