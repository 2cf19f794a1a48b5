import {
  disableoffer,
  invoice,
  type ListinvoicesInvoices,
  listinvoices,
  listoffers,
  offer,
  type RpcClient,
  RpcError,
} from '@cl-hive/cln-rpc';
import { CodedError, type JsonObject, type Msat } from '@cl-hive/core';
import { ASK_MS, CHANGE_MS } from '../actions/limits.ts';

/** What an invoice is made for. */
export interface InvoiceRequest {
  /** `any`: the payer chooses. */
  readonly amountMsat: Msat | 'any';
  readonly description: string;
  /** Names it across tries; drawn where none is given. */
  readonly key: string | undefined;
  /** Seconds. */
  readonly expirySeconds: number | undefined;
}

/** What an offer is made for. */
export interface OfferRequest {
  readonly amountMsat: Msat | 'any';
  readonly description: string;
  readonly key: string | undefined;
  readonly quantityMax: number | undefined;
  readonly singleUse: boolean;
  /** Such as `1month`; undefined for no series. */
  readonly recurrence: string | undefined;
}

/** Labels of invoices and offers that were made here begin so; what follows is the idempotency key. */
const LABEL = 'cl-hive/';

/** lightningd: there is an invoice with this label. */
const LABEL_TAKEN = 900;

/** How the node is paid: invoices and offers, each made once however often it is asked for. */
export class PayIncome {
  readonly #rpc: RpcClient;
  readonly #drawKey: () => string;

  constructor(rpc: RpcClient, drawKey: () => string) {
    this.#rpc = rpc;
    this.#drawKey = drawKey;
  }

  /** Throws CodedError `idempotency_conflict` where the key stands for another invoice. */
  async invoice(request: InvoiceRequest): Promise<JsonObject> {
    const label = LABEL + (request.key ?? this.#drawKey());
    const known = await this.#find(label);
    if (known !== undefined) {
      return same(known, request);
    }
    const { amountMsat, description, expirySeconds } = request;
    try {
      await this.#rpc.call(
        invoice,
        {
          amount_msat: amountMsat,
          label,
          description,
          ...(expirySeconds === undefined ? {} : { expiry: BigInt(expirySeconds) }),
        },
        { timeoutMs: CHANGE_MS },
      );
    } catch (error) {
      // Another call with the same key came first.
      if (!(error instanceof RpcError && error.rpcCode === LABEL_TAKEN)) {
        throw error;
      }
    }
    const made = await this.#find(label);
    if (made === undefined) {
      throw new CodedError('execution_failed', 'the invoice was made and is gone', {
        remedy: 'look at listinvoices',
      });
    }
    return same(made, request);
  }

  /** lightningd itself makes the same offer only once. */
  async offer(request: OfferRequest): Promise<JsonObject> {
    const { amountMsat, description, key, quantityMax, singleUse, recurrence } = request;
    const made = await this.#rpc.call(
      offer,
      {
        amount: amountMsat,
        description,
        ...(key === undefined ? {} : { label: LABEL + key }),
        ...(quantityMax === undefined ? {} : { quantity_max: BigInt(quantityMax) }),
        ...(singleUse ? { single_use: true } : {}),
        ...(recurrence === undefined ? {} : { recurrence }),
      },
      { timeoutMs: CHANGE_MS },
    );
    return {
      offer: made.bolt12,
      offer_id: made.offer_id,
      created: made.created,
      active: made.active,
      single_use: made.single_use,
      used: made.used,
      ...(made.label === undefined ? {} : { label: made.label }),
    };
  }

  async offers(): Promise<JsonObject> {
    const { offers } = await this.#rpc.call(listoffers, {}, { timeoutMs: ASK_MS });
    return {
      offers: offers.map((one) => ({
        offer: one.bolt12,
        offer_id: one.offer_id,
        active: one.active,
        single_use: one.single_use,
        used: one.used,
        ...(one.label === undefined ? {} : { label: one.label }),
      })),
    };
  }

  async disableOffer(id: string): Promise<JsonObject> {
    const gone = await this.#rpc.call(disableoffer, { offer_id: id }, { timeoutMs: CHANGE_MS });
    return { offer_id: gone.offer_id, active: gone.active };
  }

  async #find(label: string): Promise<ListinvoicesInvoices | undefined> {
    const { invoices } = await this.#rpc.call(listinvoices, { label }, { timeoutMs: ASK_MS });
    return invoices[0];
  }
}

/** The invoice of a label, when it is what was asked for. */
function same(found: ListinvoicesInvoices, request: InvoiceRequest): JsonObject {
  const amount = request.amountMsat === 'any' ? undefined : request.amountMsat;
  if (found.amount_msat !== amount || found.description !== request.description) {
    throw new CodedError('idempotency_conflict', 'the key stands for another invoice', {
      remedy: 'use a new key for a new invoice',
    });
  }
  return {
    bolt11: found.bolt11 ?? null,
    payment_hash: found.payment_hash,
    label: found.label,
    status: found.status,
    expires_at: found.expires_at,
    ...(found.amount_received_msat === undefined
      ? {}
      : { received_msat: found.amount_received_msat }),
  };
}
