/** Requests for the control thread, as seen from an engine thread: numbered on their way out, and matched with what comes back. */
import type { ControlAnswer, ControlRequest, FromThread } from '../engine/protocol.ts';
import type { ControlClient } from './ingress/index.ts';

export class ControlRequests {
  readonly #post: (message: FromThread) => void;
  readonly #clients = new Map<number, ControlClient>();
  #nextId = 0;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  forward(request: ControlRequest, client: ControlClient): void {
    const id = this.#nextId++;
    this.#clients.set(id, client);
    client.onClosed = () => {
      if (this.#clients.delete(id)) this.#post({ type: 'control-closed', id });
    };
    this.#post({ type: 'control', id, request });
  }

  answer(id: number, answer: ControlAnswer): void {
    const client = this.#clients.get(id);
    if (answer.body !== null) this.#clients.delete(id);
    client?.answer(answer);
  }

  piece(id: number, piece: Uint8Array | null): void {
    const client = this.#clients.get(id);
    if (piece === null) this.#clients.delete(id);
    client?.piece(piece);
  }
}
