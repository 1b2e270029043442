/**
 * For classes that have an object for each request, and none in between. V8 settles how much room an object takes when the seventh is made, by
 * what objects of the class are there, and forgets how they are laid out when garbage is collected while there are none. Collected between the
 * sixth and the seventh, all later ones had no room of their own: each request took 1.3 µs longer, for as long as the thread lived. And
 * after each collection in idle time, code that was optimised for the layout was thrown away.
 */
const ENOUGH = 8;

const kept: object[] = [];

/** Has V8 settle the layout now, and keeps an object for good, so that it is not forgotten. @param make gives each field a value of its kind */
export function keepShape(make: () => object): void {
  const made = Array.from({ length: ENOUGH }, make);
  kept.push(made[0] as object);
}

/** The same for a class whose objects cannot be made for nothing: holds the first ones until there were enough, whatever becomes of them. */
export class FirstOnes {
  #held: object[] | undefined = [];

  hold(one: object): void {
    if (this.#held && this.#held.push(one) === ENOUGH) this.#held = undefined;
  }
}
