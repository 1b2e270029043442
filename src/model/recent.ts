const MOST = 64;

/** What was worked out for keys that came last: for keys that mostly come again. Bounded: when it is full, all is forgotten. */
export class Recent<K, V> {
  readonly #known = new Map<K, V>();

  get(key: K): V | undefined {
    return this.#known.get(key);
  }

  set(key: K, value: V): V {
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(key, value);
    return value;
  }
}
