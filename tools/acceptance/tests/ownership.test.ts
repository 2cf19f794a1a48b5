import { checkOwnership, type Migration, OWNERS, type Owner } from '@cl-hive/store';
import { describe, expect, it } from 'vitest';

/** Every plugin's migrations, found by place: a new plugin is held to the rule by being there. */
const modules = import.meta.glob<{ readonly migrations: readonly Migration[] }>(
  '../../../apps/*/src/store/migrations.ts',
);

const owners = Object.keys(modules).map((file) => ({ file, owner: file.split('/').at(-4) ?? '' }));

describe('tables and their owners', () => {
  it('every owner in the table has migrations', () => {
    expect(owners.map(({ owner }) => owner).sort()).toEqual([...OWNERS].sort());
  });

  it.each(owners)('$owner creates and touches only its own tables', async ({ file, owner }) => {
    const migrations = (await modules[file]?.())?.migrations ?? [];
    expect(migrations.length).toBeGreaterThan(0);
    expect(await checkOwnership(owner as Owner, migrations)).toEqual([]);
  });
});
