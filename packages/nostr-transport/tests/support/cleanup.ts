import { afterEach } from 'vitest';

const cleanups: (() => unknown)[] = [];

/** Runs `work` after the test, the last one first. */
export function afterwards(work: () => unknown): void {
  cleanups.push(work);
}

afterEach(async () => {
  for (const work of cleanups.splice(0).reverse()) {
    await work();
  }
});
