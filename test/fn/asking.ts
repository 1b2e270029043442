import { TestExchange } from '../engine/harness.ts';

interface Asked {
  readonly name: string;
  readonly method: string;
  readonly lines: readonly string[];
  readonly body: Uint8Array | string;
}

/** A client's request with a method and headers of its own. */
export class Asking extends TestExchange {
  override readonly head: Uint8Array;
  override readonly method: string;

  constructor({ name, method, lines, body }: Asked) {
    super(body);
    this.method = method;
    this.head = Buffer.from(`${method} /function/${name}/a?b=c HTTP/1.1\r\n${['Host: h:1', ...lines].join('\r\n')}\r\n`);
  }
}
