import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mintMacaroon } from '@cl-hive/payments';
import { L402Tokens } from '../../src/pay/l402/token-store.ts';
import { l402Rail } from '../../src/pay/rails/l402.ts';
import { arrivedBy, invoiceFrom, leftBy, type PaymentKind } from './payment-kind.ts';

const TERMS = {
  service: 'random',
  schema: 'hive:monitor/v1',
  payer: '1',
  count: 1,
  validUntil: 4_000_000_000,
};
const SECRET = new Uint8Array(32).fill(3);

/** Requests over HTTP that are paid for, of a server that now and then gives nothing for it. */
export const l402Kind: PaymentKind = {
  method: 'l402',
  once: true,
  open: async ({ payer, payee, clock, random, calm }) => {
    const server = createServer((_request, response) => {
      response.statusCode = !calm.on && random.below(100) < 3 ? 500 : 200;
      response.end('given');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const hashes = new Set<unknown>();
    return {
      rail: async ({ self, store, alive }) => {
        const tokens = await L402Tokens.open(store, clock, async () => '05'.repeat(32));
        const rail = l402Rail({ self, tokens, web: { clock } });
        return { ...rail, perform: (...given) => alive(() => rail.perform(...given)) };
      },
      ask: async (number, amountMsat) => {
        const { bolt11, hash } = await invoiceFrom(payee, `l402-${number}`, amountMsat);
        hashes.add(hash);
        const tokenId = String(number).padStart(64, '0');
        const identifier = { paymentHash: hash, tokenId };
        const macaroon = mintMacaroon(SECRET, identifier, TERMS);
        return {
          amountMsat: undefined,
          detail: {
            url: `${url}/${number}`,
            macaroon: Buffer.from(macaroon).toString('base64'),
            bolt11,
          },
        };
      },
      left: () => leftBy(payer, ({ payment_hash: hash }) => hashes.has(hash)),
      times: () => arrivedBy(payee, ({ payment_hash: hash }) => hashes.has(hash)),
      close: () =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(() => resolve());
        }),
    };
  },
};
