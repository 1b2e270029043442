/** Starts a container and waits until it is ready, but no longer than it may take, or lives. */
import { WeftError } from '../../model/errors.ts';
import type { HttpWire } from '../wire.ts';
import type { Container } from './container.ts';
import type { ContainerFunction } from './container-function.ts';
import { NotReady } from './not-ready.ts';
import { HandshakeError } from '../http/listening-socket.ts';

export interface StartOptions<T> {
  readonly fn: ContainerFunction;
  readonly wire: HttpWire;
  readonly container: Container;
  /** It may take so long. */
  readonly ms: number;
  /** The function is closed. */
  readonly closing: AbortSignal;
  /** Begun before the container is started, so that it can watch what happens then. */
  readonly ready: (signal: AbortSignal, started: Promise<void>) => Promise<T>;
}

/** @throws NotReady; WeftError WEFT_START_FAILED, WEFT_CONTAINER_ENGINE; the closing signal's reason */
export async function startAndAwait<T>({ fn, wire, container, ms, closing, ready }: StartOptions<T>): Promise<T> {
  const failed = (how: 'late' | 'failed', reason: string): WeftError => {
    const words = container.end ? '' : container.log.lastWords;
    return notReady(fn, wire, how, words === '' ? reason : `${reason}; the last it printed:\n${words}`);
  };
  const ended = (): WeftError => failed('failed', `it ended: ${container.obituary}`);
  const over = new AbortController();
  const late = setTimeout(() => over.abort(failed('late', `it does not listen after ${ms} ms`)), ms);
  const closed = (): void => over.abort(closing.reason);
  closing.addEventListener('abort', closed);
  if (closing.aborted) closed();
  const started = container.start();
  // Its error is that of `started`: nothing that waits for the container's signs must go on.
  started.then(
    () => container.ended.then(() => over.abort(ended())),
    (cause: unknown) => over.abort(cause),
  );
  try {
    // A socket may be there before the engine says that it started.
    const [value] = await Promise.all([ready(over.signal, started), started]);
    return value;
  } catch (cause) {
    if (container.end) throw ended();
    if (cause instanceof HandshakeError) throw failed('failed', cause.message);
    throw cause;
  } finally {
    clearTimeout(late);
    closing.removeEventListener('abort', closed);
  }
}

function notReady({ spec }: ContainerFunction, wire: HttpWire, how: 'late' | 'failed', reason: string): WeftError {
  const failure = wire.notReady?.(spec, how, reason);
  return failure ? new NotReady(spec.name, failure) : new WeftError('WEFT_START_FAILED', { name: spec.name, reason });
}
