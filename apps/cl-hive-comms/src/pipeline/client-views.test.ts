import { isCodedError } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { discoverView } from './client-views.ts';

describe('discoverView', () => {
  it('lists every schema, or the one that was asked for', () => {
    expect(discoverView(undefined)['schemas']).toHaveLength(15);
    expect(discoverView('hive:monitor/v1')).toMatchObject({
      schemas: [{ schema: 'hive:monitor/v1' }],
    });
  });

  it('says which schemas there are when asked for another', () => {
    try {
      discoverView('hive:monitor/v9');
      expect.unreachable();
    } catch (error) {
      expect(isCodedError(error, 'schema_unknown')).toBe(true);
      expect(error).toMatchObject({ remedy: expect.stringContaining('hive:monitor/v1') });
    }
  });
});
