import { describe, it } from 'vitest';
import { memoryStorage } from './memory-storage.ts';
import { storageContract } from './testing/index.ts';

describe('memoryStorage', () => {
  it.each(storageContract)('$name', async ({ run }) => {
    await run(memoryStorage());
  });
});
