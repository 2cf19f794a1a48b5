/** A binary heap of (key, item), least key first; among equal keys in no particular order. */
export class MinHeap {
  #keys = new Float64Array(256);
  #items = new Int32Array(256);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(key: number, item: number): void {
    if (this.#size === this.#keys.length) {
      const [keys, items] = [this.#keys, this.#items];
      this.#keys = new Float64Array(keys.length * 2);
      this.#items = new Int32Array(keys.length * 2);
      this.#keys.set(keys);
      this.#items.set(items);
    }
    const [keys, items] = [this.#keys, this.#items];
    let at = this.#size;
    this.#size += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentKey = keys[parent] ?? 0;
      if (parentKey <= key) {
        break;
      }
      keys[at] = parentKey;
      items[at] = items[parent] ?? 0;
      at = parent;
    }
    keys[at] = key;
    items[at] = item;
  }

  /** Key of the least entry; 0 of an empty heap. */
  get leastKey(): number {
    return this.#keys[0] ?? 0;
  }

  /** Takes the least entry's item away; call only with `size` above 0. */
  pop(): number {
    const [keys, items] = [this.#keys, this.#items];
    const least = items[0] ?? 0;
    this.#size -= 1;
    const size = this.#size;
    const key = keys[size] ?? 0;
    const item = items[size] ?? 0;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && (keys[child + 1] ?? 0) < (keys[child] ?? 0)) {
        child += 1;
      }
      const childKey = keys[child] ?? 0;
      if (childKey >= key) {
        break;
      }
      keys[at] = childKey;
      items[at] = items[child] ?? 0;
      at = child;
    }
    keys[at] = key;
    items[at] = item;
    return least;
  }
}
