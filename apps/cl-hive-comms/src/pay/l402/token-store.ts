import { type Clock, hexToBytes, type JsonObject, type Msat } from '@cl-hive/core';
import { endsAtLatest, type L402Token, readMacaroon } from '@cl-hive/payments';
import { seal, unseal } from '@cl-hive/runtime/services';
import { decodeMsat, encodeMsat, type Store } from '@cl-hive/store';
import type { CommsDatabase } from '../../store/database.ts';

const SEAL_LABEL = 'cl-hive-comms/l402-token-seal/v1';
const PREIMAGE_BYTES = 32;

/** A token that this node pays for, or has paid for. */
export interface HeldToken {
  readonly paymentHash: string;
  /** What it opens, see `resourceOf`. */
  readonly resource: string;
  readonly macaroon: Uint8Array;
  /** What makes it good; undefined while it is not known to be paid. */
  readonly token: L402Token | undefined;
  /** Seconds since 1970 at which it ends, where it says so. */
  readonly endsAt: number | undefined;
}

type Row = CommsDatabase['comms_l402_tokens'];

/** L402 tokens of this node: sealed in the database under the node's own secret. */
export class L402Tokens {
  readonly #store: Store<CommsDatabase>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #key: Uint8Array;

  private constructor(store: Store<CommsDatabase>, clock: Pick<Clock, 'now'>, key: Uint8Array) {
    this.#store = store;
    this.#clock = clock;
    this.#key = key;
  }

  static async open(
    store: Store<CommsDatabase>,
    clock: Pick<Clock, 'now'>,
    makeSecret: (label: string) => Promise<string>,
  ): Promise<L402Tokens> {
    return new L402Tokens(store, clock, hexToBytes(await makeSecret(SEAL_LABEL)));
  }

  /** The tokens for a resource, the newest first. One that does not open any more counts as none. */
  async of(resource: string): Promise<readonly HeldToken[]> {
    const rows = await this.#store.reader
      .selectFrom('comms_l402_tokens')
      .selectAll()
      .where('resource', '=', resource)
      .orderBy('created_ms', 'desc')
      .execute();
    return rows.flatMap((row) => this.#open(row) ?? []);
  }

  #open(row: Row): HeldToken | undefined {
    const { payment_hash: paymentHash, resource } = row;
    let bytes: Uint8Array;
    try {
      bytes = unseal(row.sealed, this.#key, contextOf(paymentHash, row.state));
    } catch {
      return undefined;
    }
    const paid = row.state === 'paid';
    const macaroon = paid ? bytes.slice(PREIMAGE_BYTES) : bytes;
    const preimage = Buffer.from(bytes.subarray(0, PREIMAGE_BYTES)).toString('hex');
    const token = paid ? { macaroon, preimage } : undefined;
    const endsAt = endsAtLatest(readMacaroon(macaroon)?.caveats ?? []);
    return { paymentHash, resource, macaroon, token, endsAt };
  }

  /** Stores what is about to be paid for: before money moves. */
  async begin(
    paymentHash: string,
    resource: string,
    macaroon: Uint8Array,
    amountMsat: Msat,
  ): Promise<void> {
    const row: Row = {
      payment_hash: paymentHash,
      resource,
      state: 'paying',
      amount_msat: encodeMsat(amountMsat),
      sealed: seal(macaroon, this.#key, contextOf(paymentHash, 'paying')),
      trouble: null,
      created_ms: this.#clock.now(),
      used_ms: null,
    };
    await this.#store.transact(async (tx) => {
      await tx
        .insertInto('comms_l402_tokens')
        .values(row)
        .onConflict((conflict) => conflict.column('payment_hash').doNothing())
        .execute();
    });
  }

  /** Keeps the token once it is paid. */
  async paid(paymentHash: string, { macaroon, preimage }: L402Token): Promise<void> {
    const bytes = Buffer.concat([hexToBytes(preimage), macaroon]);
    const sealed = seal(bytes, this.#key, contextOf(paymentHash, 'paid'));
    await this.#update(paymentHash, { state: 'paid', sealed });
  }

  /** Notes that the token was shown, and why it got nothing; null when it did. */
  async shown(paymentHash: string, trouble: string | null): Promise<void> {
    await this.#update(paymentHash, { trouble, used_ms: this.#clock.now() });
  }

  async #update(paymentHash: string, change: Partial<Row>): Promise<void> {
    await this.#store.transact(async (tx) => {
      await tx
        .updateTable('comms_l402_tokens')
        .set(change)
        .where('payment_hash', '=', paymentHash)
        .execute();
    });
  }

  /** Throws a token away; false when there is none such. `unpaid`: only one that was not paid. */
  async forget(paymentHash: string, unpaid = false): Promise<boolean> {
    return this.#store.transact(async (tx) => {
      const query = tx.deleteFrom('comms_l402_tokens').where('payment_hash', '=', paymentHash);
      const gone = await (unpaid ? query.where('state', '=', 'paying') : query).executeTakeFirst();
      return gone.numDeletedRows > 0n;
    });
  }

  /** Whether a payment for this hash is under way, or may have happened, by the ledger. */
  async underWay(paymentHash: string): Promise<boolean> {
    const row = await this.#store.reader
      .selectFrom('comms_ledger')
      .select('intent')
      .where('reference', '=', paymentHash)
      .where('state', 'in', ['reserved', 'unknown'])
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Tokens as the operator sees them, without what makes them worth money. */
  async list(limit: number): Promise<readonly JsonObject[]> {
    const rows = await this.#store.reader
      .selectFrom('comms_l402_tokens')
      .selectAll()
      .orderBy('created_ms', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => {
      const endsAt = this.#open(row)?.endsAt;
      return {
        payment_hash: row.payment_hash,
        resource: row.resource,
        state: row.state,
        amount_msat: decodeMsat(row.amount_msat),
        paid_for_at: Math.floor(row.created_ms / 1000),
        ...(row.used_ms === null ? {} : { used_at: Math.floor(row.used_ms / 1000) }),
        ...(endsAt === undefined ? {} : { valid_until: endsAt }),
        ...(row.trouble === null ? {} : { trouble: row.trouble }),
      };
    });
  }
}

function contextOf(paymentHash: string, state: string): string {
  return `l402/${state}/${paymentHash}`;
}
