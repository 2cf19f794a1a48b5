import { randomBytes } from 'node:crypto';
import { invoice, makesecret, type RpcClient } from '@cl-hive/cln-rpc';
import type { PipelinePorts, ShownToken, Toll } from '@cl-hive/comms';
import { bytesToHex, type Clock, hexToBytes, type JsonObject, type Msat } from '@cl-hive/core';
import {
  type Asking,
  askedOf,
  checkToken,
  mintMacaroon,
  readAuthorization,
  writeChallenge,
} from '@cl-hive/payments';
import type { ManagementCommand } from '@cl-hive/protocol';
import type { Reader } from '@cl-hive/store';
import type { CommsDatabase } from '../store/database.ts';
import { loadAsking } from './asking-row.ts';

/** The service that tokens of this plugin are for, in their conditions. */
const SERVICE = 'hive-comms';

/** What the secret of tokens is derived with. */
const SECRET_LABEL = 'cl-hive-comms/l402/v1';

/** Seconds that an invoice of a challenge is open at most. */
const INVOICE_SECONDS = 3600;

/** A challenge is shown again while at least this share of its invoice's time is left: a half. */
const SHOWN_AGAIN_SHARE = 2;

/** Challenges that are remembered, so that who asks again gets the same one: some 2 MB. */
const CHALLENGES_MAX = 1000;

/** Time for lightningd to make an invoice, ms. */
const INVOICE_MS = 30_000;

/** What a {@link PriceDesk} works with. */
export interface PriceDeskParts {
  readonly rpc: Pick<RpcClient, 'call'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly reader: Reader<CommsDatabase>;
  readonly random: { readonly bytes: (length: number) => Uint8Array };
  /** 32 bytes, of the node's own secret, under which tokens are made and checked. */
  readonly secret: Uint8Array;
}

interface Challenge {
  readonly shown: Promise<JsonObject>;
  /** Monotonic ms until which it is shown again. */
  readonly until: number;
}

/** Asks for a price, and checks what was paid: the L402 server. Tokens are checked without a table. */
export class PriceDesk {
  readonly #parts: PriceDeskParts;
  readonly #challenges = new Map<string, Challenge>();

  constructor(parts: PriceDeskParts) {
    this.#parts = parts;
  }

  /** Derives the secret of tokens from the node's own: a lost database makes none of them worthless. */
  static async open(
    rpc: PriceDeskParts['rpc'],
    clock: PriceDeskParts['clock'],
    reader: PriceDeskParts['reader'],
  ): Promise<PriceDesk> {
    const { secret } = await rpc.call(makesecret, { string: SECRET_LABEL });
    const random = { bytes: (length: number): Uint8Array => randomBytes(length) };
    return new PriceDesk({ rpc, clock, reader, random, secret: hexToBytes(secret) });
  }

  /** The pipeline's ports. */
  get ports(): Pick<PipelinePorts, 'toll' | 'charge'> {
    return {
      toll: ({ principal, command, token }) => this.#toll(principal, command, token),
      charge: ({ principal, command, priceMsat }) => this.#charge(principal, command, priceMsat),
    };
  }

  async #toll(
    principal: string,
    command: ManagementCommand,
    shown: string | undefined,
  ): Promise<Toll | undefined> {
    const asking = await loadAsking(this.#parts.reader);
    const byDanger = askedOf(asking, principal);
    return (
      byDanger && { byDanger, reads: asking.reads, token: this.#check(principal, command, shown) }
    );
  }

  #check(
    payer: string,
    { schema, action }: ManagementCommand,
    shown: string | undefined,
  ): ShownToken | undefined {
    if (shown === undefined) {
      return undefined;
    }
    const token = readAuthorization(shown);
    if (token === undefined) {
      return { ok: false, problem: 'macaroon_malformed' };
    }
    const now = Math.floor(this.#parts.clock.now() / 1000);
    const use = { service: SERVICE, schema, action, payer, usedBefore: 0, now };
    const verdict = checkToken(this.#parts.secret, token, use);
    return verdict.ok
      ? { ok: true, id: verdict.identifier.tokenId, uses: verdict.uses }
      : { ok: false, problem: verdict.problem };
  }

  /** The same sender is shown the same challenge for the same thing, until it nears its end. */
  async #charge(
    principal: string,
    command: ManagementCommand,
    priceMsat: Msat,
  ): Promise<JsonObject> {
    const { clock, reader } = this.#parts;
    const asking = await loadAsking(reader);
    const seconds = Math.min(INVOICE_SECONDS, asking.seconds);
    const key = [principal, subjectOf(command), priceMsat, asking.uses, asking.seconds].join(' ');
    const known = this.#challenges.get(key);
    if (known !== undefined && clock.monotonic() < known.until) {
      return known.shown;
    }
    const shown = this.#challenge(principal, command, priceMsat, asking, seconds);
    const until = clock.monotonic() + (seconds * 1000) / SHOWN_AGAIN_SHARE;
    this.#challenges.delete(key);
    this.#challenges.set(key, { shown, until });
    const [oldest] = this.#challenges.keys();
    if (this.#challenges.size > CHALLENGES_MAX && oldest !== undefined) {
      this.#challenges.delete(oldest);
    }
    try {
      return await shown;
    } catch (error) {
      this.#challenges.delete(key);
      throw error;
    }
  }

  async #challenge(
    payer: string,
    command: ManagementCommand,
    priceMsat: Msat,
    { uses, seconds: lifeSeconds }: Asking,
    seconds: number,
  ): Promise<JsonObject> {
    const { rpc, clock, random, secret } = this.#parts;
    const tokenId = bytesToHex(random.bytes(32));
    const validUntil = Math.floor(clock.now() / 1000) + lifeSeconds;
    const schema = subjectOf(command);
    const { bolt11, payment_hash: paymentHash } = await rpc.call(
      invoice,
      {
        amount_msat: priceMsat,
        label: `hive-l402-${tokenId.slice(0, 32)}`,
        description: `${schema}, ${uses} ${uses === 1 ? 'use' : 'uses'}`,
        expiry: BigInt(seconds),
      },
      { timeoutMs: INVOICE_MS },
    );
    const terms = { service: SERVICE, schema, payer, count: uses, validUntil };
    const macaroon = mintMacaroon(secret, { paymentHash, tokenId }, terms, SERVICE);
    return {
      scheme: 'L402',
      macaroon: Buffer.from(macaroon).toString('base64'),
      invoice: bolt11,
      payment_hash: paymentHash,
      // Prices are bounded far below 2^53, so that it is a number for every reader.
      amount_msat: Number(priceMsat),
      for: schema,
      uses,
      valid_until: validUntil,
      www_authenticate: writeChallenge({ macaroon, invoice: bolt11 }),
    };
  }
}

/** What a token is for: one action of a schema. */
function subjectOf({ schema, action }: ManagementCommand): string {
  return `${schema}#${action}`;
}
