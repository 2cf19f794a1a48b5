import { describe, expect, it } from 'vitest';
import { Datastore, type DatastoreMode } from './datastore.ts';

function store(...keys: readonly (readonly string[])[]): Datastore {
  const datastore = new Datastore();
  for (const key of keys) {
    datastore.put({ key, data: Buffer.from('v'), generation: 3n });
  }
  return datastore;
}

function plan(
  datastore: Datastore,
  key: readonly string[],
  mode: DatastoreMode,
  generation?: bigint,
): unknown {
  const outcome = datastore.plan(key, Buffer.from('w'), mode, generation);
  return outcome.ok
    ? [Buffer.from(outcome.entry.data).toString(), outcome.entry.generation]
    : outcome.fault;
}

describe('Datastore', () => {
  it('keeps keys in the order of their bytes, parents before children', () => {
    const datastore = store(['b'], ['a', 'z'], ['a', 'b', 'c'], ['ab'], ['é']);
    expect(datastore.under(undefined).map(({ key }) => key.join('/'))).toEqual([
      'a/b/c',
      'a/z',
      'ab',
      'b',
      'é',
    ]);
    expect(datastore.under(['a']).map(({ key }) => key.join('/'))).toEqual(['a/b/c', 'a/z']);
    expect(datastore.under(['nosuch'])).toEqual([]);
  });

  it.each([
    [['n'], 'must-create', undefined, ['w', 0n]],
    [['a'], 'must-create', undefined, 'exists'],
    [['a'], 'must-replace', undefined, ['w', 4n]],
    [['n'], 'must-replace', undefined, 'missing'],
    [['a'], 'create-or-replace', undefined, ['w', 4n]],
    [['a'], 'must-append', undefined, ['vw', 4n]],
    [['n'], 'must-append', undefined, 'missing'],
    [['n'], 'create-or-append', undefined, ['w', 0n]],
    [['a'], 'must-replace', 3n, ['w', 4n]],
    [['a'], 'must-replace', 2n, 'generation'],
    [['p'], 'must-create', undefined, 'has_children'],
    [['a', 'x'], 'must-create', undefined, { parent: ['a'] }],
    [['a', 'x', 'y'], 'must-create', undefined, { parent: ['a'] }],
  ] as const)('%j with %s and generation %s', (key, mode, generation, outcome) => {
    expect(plan(store(['a'], ['p', 'q']), key, mode, generation)).toEqual(outcome);
  });

  it('starts at generation 0 again after a deletion', () => {
    const datastore = store(['a']);
    datastore.remove(['a']);
    expect(plan(datastore, ['a'], 'must-create')).toEqual(['w', 0n]);
  });
});
