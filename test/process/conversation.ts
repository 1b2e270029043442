/** A client of a function's WebSocket: Node's own. */
import assert from 'node:assert/strict';
import { until } from '../cli/weft.ts';

export class Conversation {
  readonly socket: WebSocket;
  /** In order; of bytes, how many. */
  readonly heard: (string | number)[] = [];
  /** With which code it was closed. */
  closed: number | undefined;

  /** `url`: the function's, of HTTP. */
  constructor(url: string) {
    this.socket = new WebSocket(url.replace(/^http/, 'ws'));
    this.socket.binaryType = 'arraybuffer';
    this.socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
      this.heard.push(typeof data === 'string' ? data : data.byteLength);
    };
    this.socket.onclose = ({ code }) => (this.closed = code);
    this.socket.onerror = () => {}; // `onclose` follows
  }

  async opened(): Promise<this> {
    await until(
      () => this.socket.readyState === WebSocket.OPEN || this.closed !== undefined,
      () => 'an open WebSocket',
    );
    assert.equal(this.closed, undefined, 'it was closed instead of opened');
    return this;
  }

  /** The last of `count` messages that it has got then. */
  async says(text: string | Uint8Array<ArrayBuffer>, count = this.heard.length + 1): Promise<string | number | undefined> {
    this.socket.send(text);
    await until(
      () => this.heard.length >= count || this.closed !== undefined,
      () => `${count} messages; got ${this.heard.length}`,
    );
    assert.equal(this.closed, undefined, 'it was closed instead of answered');
    return this.heard.at(-1);
  }

  async end(): Promise<number | undefined> {
    await until(
      () => this.closed !== undefined,
      () => 'its end',
    );
    return this.closed;
  }
}
