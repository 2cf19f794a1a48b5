import {
  checkGrant,
  endGrant,
  GRANTS_PER_ADVISOR_MAX,
  type Grant,
  grantHolds,
  isPurpose,
  loadGrants,
  nextGrant,
  OPERATOR,
  removeStop,
  saveGrant,
} from '@cl-hive/comms';
import { CodedError, type JsonObject, type Msat } from '@cl-hive/core';
import { type AdminParts, administer } from '../pipeline/admin.ts';
import { type Moment, momentAt } from '../pipeline/moment.ts';
import { payGrantView } from './pay-views.ts';

/** What the operator grants to its own payments. */
export interface PayGrantRequest {
  /** In all, fees included. */
  readonly amountMsat: Msat;
  readonly until: Moment;
  /** What it is for; undefined for everything. */
  readonly purposes: readonly string[] | undefined;
  /** Of one payment, fees included. */
  readonly amountMsatMax: Msat | undefined;
}

/** Changes by the operator of what the node may pay, each with its receipt. */
export class PayAdmin {
  readonly #parts: AdminParts;

  constructor(parts: AdminParts) {
    this.#parts = parts;
  }

  /** Grants; earlier grants stay. Throws CodedError `grant_value` or `grant_full`. */
  grant({ amountMsat, until, purposes, amountMsatMax }: PayGrantRequest): Promise<JsonObject> {
    const wrong = purposes?.find((one) => !isPurpose(one));
    if (wrong !== undefined) {
      throw new CodedError('grant_value', `${JSON.stringify(wrong)} is no purpose`, {
        remedy: 'a letter, then at most 31 of a-z 0-9 _ -',
      });
    }
    return administer(this.#parts, 'pay_grant', async (tx, now) => {
      const held = (await loadGrants(tx, OPERATOR)).filter((one) => grantHolds(one, now));
      if (held.length >= GRANTS_PER_ADVISOR_MAX) {
        throw new CodedError('grant_full', `at most ${GRANTS_PER_ADVISOR_MAX} grants at a time`, {
          remedy: 'end one: hive-client-payments action=end_grant',
        });
      }
      const end = momentAt(until, now);
      const grant: Grant = checkGrant(
        {
          id: await nextGrant(tx),
          advisor: OPERATOR,
          mode: 'act',
          tier: 'admin',
          actions: 'all',
          constraints: {
            ...(purposes === undefined ? {} : { purposes: new Set(purposes) }),
            ...(amountMsatMax === undefined ? {} : { amountMsatMax }),
          },
          spend: { amountMsat, until: end },
          from: now,
          until: end,
        },
        now,
      );
      await saveGrant(tx, grant);
      const receipt = {
        grant: grant.id,
        amount_msat: String(amountMsat),
        until: end,
        ...(purposes === undefined ? {} : { purposes: [...purposes] }),
        ...(amountMsatMax === undefined ? {} : { amount_msat_max: String(amountMsatMax) }),
      };
      return { value: payGrantView(grant, undefined), receipt };
    });
  }

  /** Ends a grant; what runs under it goes on. Throws CodedError `grant_unknown`. */
  endGrant(id: number): Promise<JsonObject> {
    return administer(this.#parts, 'end_pay_grant', async (tx, now) => {
      const grant = (await loadGrants(tx, OPERATOR)).find((one) => one.id === id);
      if (grant === undefined || !grantHolds(grant, now)) {
        throw new CodedError('grant_unknown', `no grant ${id} of the operator is in force`, {
          remedy: 'hive-client-payments lists them',
        });
      }
      await saveGrant(tx, endGrant(grant, now));
      return { value: { ended: id }, receipt: { grant: id } };
    });
  }

  /** Lets a payer go on that paid without effect. Throws CodedError `payer_unknown`. */
  resume(payer: string): Promise<JsonObject> {
    return administer(this.#parts, 'resume_payer', async (tx) => {
      if (!(await removeStop(tx, payer))) {
        throw new CodedError('payer_unknown', `${JSON.stringify(payer)} is not stopped`, {
          remedy: 'hive-client-payments lists who is',
        });
      }
      return { value: { resumed: payer }, receipt: { payer } };
    });
  }
}
