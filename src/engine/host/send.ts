/** Answers streamed in pieces. */
import { WeftError } from '../../model/errors.ts';
import { CALL_ERROR, MAILBOX } from '../abi.ts';
import type { Chain } from '../chain.ts';
import { illegalHead } from '../http-sink.ts';
import type { Runtime } from '../runtime.ts';
import type { Stream } from '../stream.ts';
import { bytesAt, caller } from './guest.ts';
import { suspending } from './suspending.ts';

const KIND_HEAD = 0;

export function sendImports(runtime: Runtime): Record<string, unknown> {
  return {
    send: (kind: number, data: number, length: number): number => {
      const chain = caller(runtime);
      const { stream } = chain;
      // Only the function that the client called has a client; a callee's answer goes to its caller as a whole.
      if (!stream || chain.active !== chain.fn.member) return CALL_ERROR.notFound;
      return chain.effect('send', () =>
        kind === KIND_HEAD ? sendHead(chain, stream) : sendPiece(chain, stream, bytesAt(chain, data, length)),
      );
    },
    await_send: suspending(runtime, [], () => {
      const { stream } = caller(runtime);
      return runtime.suspend((resume) => {
        if (!stream || stream.closed) resume(CALL_ERROR.closed);
        else void stream.drained().then(() => resume(stream.closed ? CALL_ERROR.closed : 0));
      });
    }),
  };
}

function sendHead(chain: Chain, stream: Stream): number {
  const { mailbox } = chain.context;
  const head = bytesAt(chain, mailbox[MAILBOX.outHead] as number, mailbox[MAILBOX.outHeadLength] as number);
  const status = mailbox[MAILBOX.status] as number;
  const illegal = illegalHead(status, head);
  if (illegal !== undefined) {
    chain.version.complain(chain.fn, new WeftError('WEFT_BAD_RESPONSE', { name: chain.fn.name, reason: illegal }));
    return CALL_ERROR.tooLarge;
  }
  chain.streaming = true;
  stream.begin(status, head);
  return stream.closed ? CALL_ERROR.closed : 0;
}

function sendPiece(chain: Chain, stream: Stream, piece: Uint8Array): number {
  if (!chain.streaming) return CALL_ERROR.notFound;
  if (stream.closed) return CALL_ERROR.closed;
  chain.sentBytes += piece.length;
  const { name, limits } = chain.fn.spec;
  if (chain.sentBytes > limits.responseBytes) {
    if (chain.sentBytes - piece.length <= limits.responseBytes)
      chain.version.complain(chain.fn, new WeftError('WEFT_RESPONSE_TOO_LARGE', { name, bytes: limits.responseBytes }));
    return CALL_ERROR.tooLarge;
  }
  return stream.write(piece) ? 0 : CALL_ERROR.pending;
}
