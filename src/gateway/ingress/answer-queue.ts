/** The requests of a connection that have no finished answer, oldest first: answers leave in the order in which the requests came. */
import type { HttpExchange } from './exchange.ts';

export class AnswerQueue {
  #first: HttpExchange | null = null;
  #last: HttpExchange | null = null;
  #count = 0;
  #onlySafe = true;

  /** Whose turn it is. */
  get first(): HttpExchange | null {
    return this.#first;
  }

  /** Only requests without effects may run side by side (RFC 9112, section 9.3.2). */
  mayAdd(safe: boolean, most: number): boolean {
    return this.#count === 0 || (this.#onlySafe && safe && this.#count < most);
  }

  add(exchange: HttpExchange): void {
    if (this.#last) this.#last.next = exchange;
    else this.#first = exchange;
    this.#last = exchange;
    this.#count += 1;
    if (!exchange.request.safe) this.#onlySafe = false;
  }

  /** Takes off those at the front that have ended, and gives the next one its turn. False: one of them was the connection's last. */
  takeEnded(): boolean {
    let done = this.#first;
    while (done?.ended) {
      this.#first = done.next;
      this.#count -= 1;
      if (!done.keepAlive) return false;
      done = this.#first;
      // While it takes its turn it may find that it has ended, too.
      done?.takeTurn();
    }
    if (this.#first === null) {
      this.#last = null;
      this.#onlySafe = true;
    }
    return true;
  }

  /** Nobody waits for the answers any more. */
  giveUp(): void {
    const unanswered = this.#first;
    this.#first = null;
    for (let exchange = unanswered; exchange; exchange = exchange.next) exchange.hungUp();
  }
}
