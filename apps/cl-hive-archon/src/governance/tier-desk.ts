import { bondedMsat, bondStands, type Tier } from '@cl-hive/archon';
import type { Logger } from '@cl-hive/cln-plugin';
import { type Cancel, type Clock, CodedError, describeError, type JsonObject } from '@cl-hive/core';
import type { MetaTable } from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import type { Neighbours } from '../node/neighbours.ts';

/** Why the node has no part in what needs the tier governance. */
export type TierErrorCode = 'tier_basic' | 'bond_missing';

/** How often the bond is looked at again, ms. */
const LOOK_MS = 3_600_000;
/** Under which the chosen bond is stored, sat; absent: the tier is basic. */
const KEY = 'tier_bond_sat';

/** What a {@link TierDesk} works with. */
export interface TierParts {
  readonly store: Store<{ readonly archon_meta: MetaTable }>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly neighbours: Pick<Neighbours, 'channels'>;
}

interface Standing {
  /** Sat that have to be on this node's side of channels; undefined where basic was chosen. */
  readonly bondSat: bigint | undefined;
  readonly heldSat: bigint;
  readonly stands: boolean;
}

/** The node's tier: basic, or governance as long as the bond that its operator chose stands. */
export class TierDesk {
  readonly #parts: TierParts;
  #cancelLook: Cancel | undefined;
  /** Whether the bond stood when it was looked at last. */
  #stood: boolean | undefined;

  constructor(parts: TierParts) {
    this.#parts = parts;
  }

  /** Begins to look at the bond. */
  async wake(): Promise<void> {
    await this.#look();
  }

  /** Stops to. */
  idle(): void {
    this.#cancelLook?.();
  }

  /** Takes a tier on. Throws `bond_missing`. */
  async choose(tier: Tier, bondSat: number): Promise<JsonObject> {
    if (tier === 'governance') {
      await this.#requireHeld(BigInt(bondSat));
    }
    await this.#parts.store.transact(async (tx) => {
      await tx.deleteFrom('archon_meta').where('key', '=', KEY).execute();
      if (tier === 'governance') {
        await tx
          .insertInto('archon_meta')
          .values({ key: KEY, value: String(bondSat) })
          .execute();
      }
    });
    this.#stood = undefined;
    return this.view();
  }

  /** Throws `tier_basic`, `bond_missing` unless the node is of governance and holds that much now. */
  async require(bondSat: number): Promise<void> {
    const chosen = await this.#chosen();
    if (chosen === undefined) {
      const remedy = 'hive-archon-upgrade tier=governance';
      throw new CodedError<TierErrorCode>('tier_basic', 'the tier of this node is basic', {
        remedy,
      });
    }
    const asked = BigInt(bondSat);
    await this.#requireHeld(asked > chosen ? asked : chosen);
  }

  /** The tier that counts now, and why. */
  async view(): Promise<JsonObject> {
    const { bondSat, heldSat, stands } = await this.#standing();
    return bondSat === undefined
      ? { tier: 'basic' }
      : {
          tier: stands ? 'governance' : 'basic',
          bond_sat: Number(bondSat),
          held_sat: Number(heldSat),
          ...(stands ? {} : { reason: 'bond_missing', remedy: 'put more into channels' }),
        };
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      const { bondSat, heldSat, stands } = await this.#standing();
      if (bondSat !== undefined && this.#stood !== stands) {
        const bond = `the bond of ${bondSat} sat for the tier governance`;
        if (stands) {
          log.info(`${bond} stands`);
        } else {
          log.warn(`${bond} is missing: ${heldSat} sat are on this side of channels`);
        }
        this.#stood = stands;
      }
    } catch (error) {
      log.warn(`the bond was not looked at: ${describeError(error)}`);
    }
    this.#cancelLook?.();
    this.#cancelLook = clock.after(LOOK_MS, () => {
      void this.#look();
    });
  }

  async #chosen(): Promise<bigint | undefined> {
    const row = await this.#parts.store.reader
      .selectFrom('archon_meta')
      .select('value')
      .where('key', '=', KEY)
      .executeTakeFirst();
    return row === undefined ? undefined : BigInt(row.value);
  }

  async #standing(): Promise<Standing> {
    const bondSat = await this.#chosen();
    if (bondSat === undefined) {
      return { bondSat, heldSat: 0n, stands: false };
    }
    const balance = bondedMsat(await this.#parts.neighbours.channels());
    return { bondSat, heldSat: balance / 1000n, stands: bondStands(balance, bondSat) };
  }

  async #requireHeld(bondSat: bigint): Promise<void> {
    const balance = bondedMsat(await this.#parts.neighbours.channels());
    if (!bondStands(balance, bondSat)) {
      const has = `${balance / 1000n} sat on its side of channels, ${bondSat} are needed`;
      const remedy = 'put more into channels, or ask for less';
      throw new CodedError<TierErrorCode>('bond_missing', `this node has ${has}`, { remedy });
    }
  }
}
