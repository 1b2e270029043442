/**
 * Calls to another engine thread. A call stays here unless this thread is busy: some function spins through its time slices,
 * so that a call would wait for them, while another thread is idle. It then costs a message there and back.
 */
import type { MessagePort } from 'node:worker_threads';
import { copyOf } from '../model/bytes.ts';
import { CALL_ERROR } from './abi.ts';
import { PendingCall } from './call.ts';
import { controlWords, PREEMPTED, RUNNING_NOW } from './control.ts';
import type { HostedFunction, Version } from './version.ts';

const NOTHING = new Uint8Array(0);

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

/** There is no room for the call after all, or not that version: the thread that sent it is to run it itself. */
interface DeclinedMessage {
  readonly type: 'declined';
  readonly id: number;
}

/** A call on another thread. */
interface Sent {
  readonly port: MessagePort;
  readonly pending: PendingCall;
  readonly runHere: () => void;
}

interface Peer {
  readonly port: MessagePort;
  readonly words: Int32Array;
}

export class Peers {
  readonly #own: Int32Array;
  readonly #controls: readonly WebAssembly.Memory[];
  readonly #peers = new Map<number, Peer>();
  readonly #sent = new Map<number, Sent>();
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
    port.on('message', (message: CallMessage | ResultMessage | DeclinedMessage) => {
      if (message.type === 'call') this.#serve(port, message);
      else this.#settle(message);
    });
    port.on('close', () => this.#lost(thread, port));
    port.unref();
  }

  /** Takes the call over when this thread is busy and another is idle. */
  offer(version: Version, target: HostedFunction, body: Uint8Array, offer: Offer, pending: PendingCall): boolean {
    if (this.#peers.size === 0 || Atomics.load(this.#own, PREEMPTED) === 0) return false;
    for (const { port, words } of this.#peers.values()) {
      if (Atomics.load(words, PREEMPTED) > 0 || Atomics.load(words, RUNNING_NOW) === 1) continue;
      const id = this.#nextId++;
      const kept = copyOf(body);
      this.#sent.set(id, { port, pending, runHere: () => version.callHere(target, kept, pending, offer) });
      const message: CallMessage = {
        type: 'call',
        id,
        app: version.app,
        version: version.number,
        fn: target.id,
        body: kept,
        depth: offer.depth,
        remainingMs: offer.deadlineAt - performance.now(),
      };
      port.postMessage(message);
      return true;
    }
    return false;
  }

  #serve(port: MessagePort, call: CallMessage): void {
    const { id, depth } = call;
    const pending = new PendingCall();
    pending.onSettled(() => {
      const { error, status, body } = pending;
      port.postMessage({ type: 'result', id, error, status, body } satisfies ResultMessage);
    });
    const decline = (): void => port.postMessage({ type: 'declined', id } satisfies DeclinedMessage);
    const version = this.#find(call.app, call.version);
    const target = version?.functions[call.fn];
    if (version && target)
      version.callHere(target, call.body, pending, { depth, deadlineAt: performance.now() + call.remainingMs }, decline);
    else decline();
  }

  #settle(message: ResultMessage | DeclinedMessage): void {
    const sent = this.#sent.get(message.id);
    this.#sent.delete(message.id);
    if (message.type === 'declined') sent?.runHere();
    else sent?.pending.settle(message.error, message.status, message.body);
  }

  /** The thread died: its calls failed, and nobody else's. */
  #lost(thread: number, port: MessagePort): void {
    if (this.#peers.get(thread)?.port === port) this.#peers.delete(thread);
    for (const [id, sent] of this.#sent) {
      if (sent.port !== port) continue;
      this.#sent.delete(id);
      sent.pending.settle(CALL_ERROR.failed, 502, NOTHING);
    }
  }

  close(): void {
    for (const { port } of this.#peers.values()) port.close();
  }
}
