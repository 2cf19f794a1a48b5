/** Rows of texts, append-only. One that was handed on is copied before something is appended. */
export class TextTable<T extends string> {
  readonly #shared: boolean;
  #rows: T[] | readonly T[];
  #rowOf: Map<string, number> | ReadonlyMap<string, number>;
  #own: { rows: T[]; rowOf: Map<string, number> } | undefined;

  constructor(rows?: readonly T[], rowOf?: ReadonlyMap<string, number>) {
    this.#shared = rows !== undefined;
    this.#rows = rows ?? [];
    this.#rowOf = rowOf ?? new Map();
  }

  get rows(): readonly T[] {
    return this.#rows;
  }

  get rowOf(): ReadonlyMap<string, number> {
    return this.#rowOf;
  }

  /** The row of `text`, which is appended where it is new. */
  at(text: T): number {
    const known = this.#rowOf.get(text);
    if (known !== undefined) {
      return known;
    }
    if (this.#own === undefined) {
      this.#own = this.#shared
        ? { rows: [...this.#rows], rowOf: new Map(this.#rowOf) }
        : { rows: this.#rows as T[], rowOf: this.#rowOf as Map<string, number> };
      this.#rows = this.#own.rows;
      this.#rowOf = this.#own.rowOf;
    }
    const row = this.#own.rows.length;
    this.#own.rows.push(text);
    this.#own.rowOf.set(text, row);
    return row;
  }
}
