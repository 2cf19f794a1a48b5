import type { Clock } from '@cl-hive/core';
import type { Pin } from './backend.ts';
import type { BackupManifest } from './backup-manifest.ts';
import { HOLD_MS_MAX } from './limits.ts';

/** A database at one moment between two transactions. */
export interface HeldState {
  /**
   * Lets transactions go on; twice is once. Whether writing had been held up all the time until then:
   * if not, something may have been written since that moment.
   */
  release(): Promise<boolean>;
  /** Writes the moment to the new file `to`, as `Store.backup` does; also after the release. */
  backup(to: string): Promise<BackupManifest>;
  /** Releases and forgets the moment. Twice is once. */
  end(): Promise<void>;
}

interface HoldParts {
  readonly transact: (work: () => Promise<void>) => Promise<void>;
  readonly pin: () => Promise<Pin>;
  readonly backup: (pin: Pin, to: string) => Promise<BackupManifest>;
  readonly clock: Clock;
}

/** Resolves once the moment is held. Throws what beginning a transaction throws. */
export function holdState({ transact, pin, backup, clock }: HoldParts): Promise<HeldState> {
  return new Promise((resolve, reject) => {
    const turn = transact(async () => {
      const pinned = await pin();
      let over = false;
      await new Promise<void>((goOn) => {
        const cancel = clock.after(HOLD_MS_MAX, () => {
          over = true;
          goOn();
        });
        const release = async (): Promise<boolean> => {
          cancel();
          goOn();
          await turn.catch(() => undefined);
          return !over;
        };
        resolve({
          release,
          backup: (to) => backup(pinned, to),
          end: async () => {
            await release();
            await pinned.end();
          },
        });
      });
    });
    turn.catch(reject);
  });
}
