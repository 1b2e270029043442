/** Standard output of a program whose answer goes out while it is printed. */
import { WeftError } from '../../../model/errors.ts';
import type { Chain } from '../../chain.ts';
import type { Stream } from '../../stream.ts';
import type { Output } from './output.ts';
import { ERRNO, type Errno } from './preview1.ts';

const STATUS = 200;

export class StreamedAnswer implements Output {
  /** The function wrote more than it may. */
  overflow = false;
  readonly stream: Stream;
  readonly #chain: Chain;
  readonly #head: Uint8Array;
  #blocked = false;

  private constructor(chain: Chain, stream: Stream, head: Uint8Array) {
    this.#chain = chain;
    this.stream = stream;
    this.#head = head;
  }

  /** Nothing when the answer goes out as a whole. */
  static of(chain: Chain): StreamedAnswer | undefined {
    const { stream, program } = chain;
    return stream && program?.streamHead ? new StreamedAnswer(chain, stream, program.streamHead) : undefined;
  }

  /** The client is slow: whoever wrote waits for `stream.drained` before it goes on. */
  takeBlocked(): boolean {
    const blocked = this.#blocked;
    this.#blocked = false;
    return blocked;
  }

  write(piece: Uint8Array): Errno {
    return this.#chain.effect('send', () => this.#send(piece));
  }

  #send(piece: Uint8Array): Errno {
    const chain = this.#chain;
    if (!chain.streaming) {
      chain.streaming = true;
      this.stream.begin(STATUS, this.#head);
    }
    if (this.stream.closed) return ERRNO.pipe;
    const { name, limits } = chain.fn.spec;
    if (chain.sentBytes + piece.length > limits.responseBytes) {
      if (!this.overflow) chain.version.complain(chain.fn, new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes }));
      this.overflow = true;
      return ERRNO.fbig;
    }
    chain.sentBytes += piece.length;
    if (!this.stream.write(piece)) this.#blocked = true;
    return ERRNO.success;
  }
}
