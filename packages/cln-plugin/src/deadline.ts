import type { Clock } from '@cl-hive/core';

/** The outcome of `work` when it came within `ms`; rejects as it does. */
export function within<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
): Promise<{ readonly done: true; readonly value: T } | { readonly done: false }> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve({ done: false }));
    const follow = async (): Promise<void> => {
      try {
        resolve({ done: true, value: await work });
      } catch (error) {
        reject(error);
      } finally {
        cancel();
      }
    };
    void follow();
  });
}
