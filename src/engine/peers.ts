/**
 * Calls to another engine thread. A call stays here unless this thread is busy: some function spins through its time slices,
 * so that a call would wait for them, while another thread is idle. It then costs a message there and back.
 */
import type { MessagePort } from 'node:worker_threads';
import { CALL_ERROR } from './abi.ts';
import { PendingCall } from './call.ts';
import { controlWords, PREEMPTED, RUNNING_NOW } from './control.ts';
import type { GuestFunction } from './guest-function.ts';
import type { Version } from './version.ts';

interface CallMessage {
  readonly type: 'call';
  readonly id: number;
  readonly app: string;
  readonly version: number;
  readonly fn: number;
  readonly body: Uint8Array;
  readonly depth: number;
  readonly remainingMs: number;
}

interface ResultMessage {
  readonly type: 'result';
  readonly id: number;
  readonly error: number;
  readonly status: number;
  readonly body: Uint8Array;
}

export interface Offer {
  readonly depth: number;
  readonly deadlineAt: number;
  readonly how: 'wait' | 'parallel';
}

interface Peer {
  readonly port: MessagePort;
  readonly words: Int32Array;
}

export class Peers {
  readonly #own: Int32Array;
  readonly #controls: readonly WebAssembly.Memory[];
  readonly #peers = new Map<number, Peer>();
  readonly #sent = new Map<number, { readonly pending: PendingCall; readonly peer: number }>();
  #nextId = 0;
  /** Finds the version a peer names; it may be gone here, or not yet deployed. */
  readonly #find: (app: string, version: number) => Version | undefined;

  constructor(thread: number, controls: readonly WebAssembly.Memory[], find: (app: string, version: number) => Version | undefined) {
    this.#own = controlWords(controls[thread] as WebAssembly.Memory);
    this.#controls = controls;
    this.#find = find;
  }

  connect(thread: number, port: MessagePort): void {
    const control = this.#controls[thread];
    if (!control) return;
    this.#peers.set(thread, { port, words: controlWords(control) });
    port.on('message', (message: CallMessage | ResultMessage) => {
      if (message.type === 'call') this.#serve(port, message);
      else this.#settle(message);
    });
    port.on('close', () => this.#lost(thread, port));
    port.unref();
  }

  /** Takes the call over when this thread is busy and another is idle. */
  offer(version: Version, target: GuestFunction, body: Uint8Array, offer: Offer, pending: PendingCall): boolean {
    if (this.#peers.size === 0 || Atomics.load(this.#own, PREEMPTED) === 0) return false;
    for (const [thread, { port, words }] of this.#peers) {
      if (Atomics.load(words, PREEMPTED) > 0 || Atomics.load(words, RUNNING_NOW) === 1) continue;
      const id = this.#nextId++;
      this.#sent.set(id, { pending, peer: thread });
      const message: CallMessage = {
        type: 'call',
        id,
        app: version.app,
        version: version.number,
        fn: target.id,
        body: body.slice(),
        depth: offer.depth,
        remainingMs: offer.deadlineAt - performance.now(),
      };
      port.postMessage(message);
      return true;
    }
    return false;
  }

  #serve(port: MessagePort, call: CallMessage): void {
    const pending = new PendingCall();
    pending.onSettled(() => {
      const { error, status, body } = pending;
      const message: ResultMessage = { type: 'result', id: call.id, error, status, body };
      port.postMessage(message);
    });
    const version = this.#find(call.app, call.version);
    const target = version?.functions[call.fn];
    if (version && target) version.callHere(target, call.body, pending, call.depth, performance.now() + call.remainingMs);
    else pending.settle(CALL_ERROR.busy, 503, new Uint8Array(0));
  }

  #settle(message: ResultMessage): void {
    const sent = this.#sent.get(message.id);
    this.#sent.delete(message.id);
    sent?.pending.settle(message.error, message.status, message.body);
  }

  /** The thread died: its calls failed, and nobody else's. */
  #lost(thread: number, port: MessagePort): void {
    if (this.#peers.get(thread)?.port === port) this.#peers.delete(thread);
    for (const [id, { pending, peer }] of this.#sent) {
      if (peer !== thread) continue;
      this.#sent.delete(id);
      pending.settle(CALL_ERROR.failed, 502, new Uint8Array(0));
    }
  }

  close(): void {
    for (const { port } of this.#peers.values()) port.close();
  }
}
