import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import { kyselyOver } from './lease.ts';
import type { DialectName } from './session.ts';

/** What a statement is built with. */
type Builder<DB> = Pick<
  Kysely<DB>,
  'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom' | 'fn'
>;

/** Stands for a value that is given when the statement runs. */
class Place {
  readonly name: PropertyKey;

  constructor(name: PropertyKey) {
    this.name = name;
  }
}

/**
 * A statement that is built and compiled once for each dialect and then run with values, for the paths
 * that run at every request: building and compiling cost more than what SQLite does. See {@link prepare}.
 */
export class Statement<V extends object, R> {
  readonly #build: (dialect: DialectName) => CompiledQuery<R>;
  readonly #compiled = new Map<DialectName, CompiledQuery<R>>();

  constructor(build: (dialect: DialectName) => CompiledQuery<R>) {
    this.#build = build;
  }

  /** The statement with `values` in their places. */
  with(dialect: DialectName, values: V): CompiledQuery<R> {
    let compiled = this.#compiled.get(dialect);
    if (compiled === undefined) {
      compiled = this.#build(dialect);
      this.#compiled.set(dialect, compiled);
    }
    const parameters = compiled.parameters.map((one) =>
      one instanceof Place ? values[one.name as keyof V] : one,
    );
    return { ...compiled, parameters };
  }
}

/**
 * Declares a {@link Statement}; `value(name)` stands for the value of that name:
 *
 *     const find = prepare<Tables, { id: number }>()((db, value) =>
 *       db.selectFrom('things').selectAll().where('id', '=', value('id')));
 *     const rows = await reader.run(find, { id: 7 });
 */
export function prepare<DB, V extends object>() {
  return <R>(
    build: (db: Builder<DB>, value: <K extends keyof V>(name: K) => V[K]) => Compilable<R>,
  ): Statement<V, R> =>
    new Statement((dialect) => {
      const db = kyselyOver<DB>(dialect, NOWHERE);
      return build(db, (name) => new Place(name) as never).compile();
    });
}

/** Statements are compiled here and run elsewhere. */
const NOWHERE = {
  acquire: () => Promise.reject(new TypeError('a statement is compiled, not run')),
  release: () => undefined,
};
