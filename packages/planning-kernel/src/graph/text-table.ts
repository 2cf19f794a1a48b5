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

  /** Appends `text`, which must be new, and returns its row. */
  append(text: T): number {
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
