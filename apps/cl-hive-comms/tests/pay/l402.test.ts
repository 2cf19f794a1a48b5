import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isCodedError, type JsonObject } from '@cl-hive/core';
import { type TestFleet, withFleet } from '@cl-hive/hive-lab';
import { mintMacaroon, writeChallenge } from '@cl-hive/payments';
import { TestDatabases } from '@cl-hive/store/testing';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { L402Desk } from '../../src/pay/l402/l402-desk.ts';
import { L402Tokens } from '../../src/pay/l402/token-store.ts';
import { type PayAsk, railsOf } from '../../src/pay/rail.ts';
import { l402Rail } from '../../src/pay/rails/l402.ts';
import { type FaultPlan, FaultyRpc } from '../actions/support.ts';
import { labClock, ledgerOf, openPayStore, type PayMachine, PayProcess } from './pay-process.ts';

const databases = new TestDatabases('sqlite');
afterAll(() => databases.remove());

const SECRET = new Uint8Array(32).fill(3);

const textOf = (value: unknown): string => {
  if (typeof value !== 'string') {
    throw new TypeError('no text');
  }
  return value;
};
const PRICE = 5000;

interface Stall {
  readonly fleet: TestFleet;
  readonly clock: VirtualClock;
  readonly tokens: L402Tokens;
  readonly machine: PayMachine;
  readonly faults: { plan: FaultPlan };
  /** What is given to who has paid. */
  goods: (response: ServerResponse) => void;
  /** Until when new tokens are good, in seconds since 1970. */
  validUntil: number;
  /** A process, with its desk. */
  readonly start: () => Promise<{ readonly process: PayProcess; readonly desk: L402Desk }>;
  readonly ask: (more?: Partial<PayAsk>) => PayAsk;
}

/** A node that pays, and a server that is paid to another. */
async function stall(test: (the: Stall) => Promise<void>): Promise<void> {
  const clock = new VirtualClock(Date.now());
  await withFleet({ nodes: 2, clock: labClock(clock) }, async (fleet) => {
    const store = await openPayStore(await databases.location(), clock, {
      grantMsat: 10n ** 9n,
      dayMsat: 10n ** 9n,
    });
    const tokens = await L402Tokens.open(store, clock, async () => '03'.repeat(32));
    const web = { clock: labClock(clock) };
    const faults = { plan: (() => undefined) as FaultPlan };
    const node = fleet.node(1);
    const machine: PayMachine = {
      node,
      clock,
      store,
      rails: (self) => railsOf(l402Rail({ self, tokens, web })),
      faults: (...call) => faults.plan(...call),
    };
    let labels = 0;
    const answer = async ({ authorization }: IncomingHttpHeaders, response: ServerResponse) => {
      if (authorization !== undefined) {
        the.goods(response);
        return;
      }
      labels += 1;
      const made = await fleet.node(2).call('invoice', {
        amount_msat: PRICE,
        label: `l402-${labels}`,
        description: '',
      });
      const identifier = {
        paymentHash: textOf(made['payment_hash']),
        tokenId: labels.toString(16).padStart(64, '0'),
      };
      const terms = { service: 's', schema: 's', payer: 'p', count: 1, validUntil: the.validUntil };
      const macaroon = mintMacaroon(SECRET, identifier, terms);
      const challenge = writeChallenge({ macaroon, invoice: textOf(made['bolt11']) });
      response.writeHead(402, { 'www-authenticate': challenge }).end();
    };
    const server = createServer((request, response) => {
      answer(request.headers, response).catch(() => response.writeHead(500).end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data`;
    const the: Stall = {
      fleet,
      clock,
      tokens,
      machine,
      faults,
      goods: (response) => response.writeHead(200).end('data'),
      validUntil: 4e9,
      start: async () => {
        const process = await PayProcess.start(machine);
        const desk = new L402Desk({
          rpc: new FaultyRpc(node.rpc, (...call) => faults.plan(...call)),
          clock,
          self: node.id,
          network: 'regtest',
          office: process.office,
          tokens,
          web,
        });
        return { process, desk };
      },
      ask: (more = {}) => ({
        method: 'l402',
        purpose: 'service',
        amountMsat: undefined,
        maxFeeMsat: undefined,
        payee: undefined,
        idempotencyKey: undefined,
        detail: { url },
        ...more,
      }),
    };
    try {
      await test(the);
    } finally {
      server.closeAllConnections();
      server.close();
      await store.close();
    }
  });
}

const CHOICE = { method: 'l402' as const, why: 'the test wants it', passed: [] };

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    return isCodedError(error) ? error.code : error;
  }
}

const spent = async ({ machine }: Stall): Promise<bigint> =>
  (await ledgerOf(machine.store)).settled.get('l402') ?? 0n;

const PAID = { outcome: 'executed', method: 'l402', result: { answer: { status: 200 } } };

describe('a token that was paid for', () => {
  it('is used until it ends; then the request is paid for anew', async () => {
    await stall(async (the) => {
      const { desk } = await the.start();
      the.validUntil = Math.floor(the.clock.now() / 1000) + 60;
      expect(await desk.fetch(the.ask(), CHOICE, false)).toMatchObject(PAID);
      expect(await desk.fetch(the.ask(), CHOICE, false)).toMatchObject({ paid: false });
      expect(await spent(the)).toBe(5000n);
      the.clock.advance(61_000);
      expect(await desk.fetch(the.ask(), CHOICE, false)).toMatchObject(PAID);
      expect(await spent(the)).toBe(10_000n);
      expect(await the.tokens.list(10)).toHaveLength(1);
    });
  });

  it('is not opened by another node’s secret: it counts as none, and is still listed', async () => {
    await stall(async (the) => {
      const { desk } = await the.start();
      await desk.fetch(the.ask(), CHOICE, false);
      const [{ resource = '', payment_hash: hash = '' } = {}] = await the.tokens.list(1);
      const { store } = the.machine;
      const others = await L402Tokens.open(store, the.clock, async () => '04'.repeat(32));
      expect(await others.of(textOf(resource))).toEqual([]);
      expect(await others.list(10)).toMatchObject([{ payment_hash: hash }]);
      expect(JSON.stringify(await the.tokens.list(10), bigints)).not.toContain('macaroon');
    });
  });

  it('is found again where the answer to its payment was lost, and used without paying', async () => {
    await stall(async (the) => {
      const { desk } = await the.start();
      the.faults.plan = (method) =>
        method === 'xpay' ? 'lost' : method === 'listpays' ? 'unreachable' : undefined;
      const first = desk.fetch(the.ask({ idempotencyKey: 'k' }), CHOICE, false);
      // Nothing is tried while lightningd cannot be asked what it has paid.
      expect(await codeOf(first)).toBe('method_unavailable');
      let asked = 0;
      the.faults.plan = (method) => {
        asked += method === 'listpays' ? 1 : 0;
        return method === 'xpay' ? 'lost' : asked > 2 ? 'unreachable' : undefined;
      };
      const unknown = await desk.fetch(the.ask({ idempotencyKey: 'k' }), CHOICE, false);
      expect(unknown).toMatchObject({ outcome: 'unknown' });
      the.faults.plan = () => undefined;
      const next = await the.start();
      const found = await next.desk.fetch(the.ask({ idempotencyKey: 'k' }), CHOICE, false);
      expect(found).toMatchObject({ paid: false, result: { answer: { body: 'data' } } });
      await next.process.sweep();
      expect(await spent(the)).toBe(5000n);
    });
  });

  it('is waited for while its payment may be under way, and dropped once that surely failed', async () => {
    await stall(async (the) => {
      const { desk, process } = await the.start();
      the.faults.plan = (method) => (method === 'xpay' ? 'dropped' : undefined);
      const unknown = await desk.fetch(the.ask(), CHOICE, false);
      expect(unknown).toMatchObject({ outcome: 'unknown' });
      the.faults.plan = () => undefined;
      expect(await codeOf(desk.fetch(the.ask(), CHOICE, false))).toBe('under_way');
      await process.sweep();
      the.clock.advance(600_000);
      await process.sweep();
      expect(await the.tokens.list(10)).toEqual([]);
      expect(await desk.fetch(the.ask(), CHOICE, false)).toMatchObject(PAID);
      expect(await spent(the)).toBe(5000n);
    });
  });
});

describe('what was paid for', () => {
  it('is shown as text, or as base64, up to a bound', async () => {
    await stall(async (the) => {
      const { desk } = await the.start();
      const shown = async (): Promise<JsonObject> => {
        const { result } = await desk.fetch(the.ask(), CHOICE, false);
        return (result as JsonObject)['answer'] as JsonObject;
      };
      await desk.fetch(the.ask(), CHOICE, false);
      the.goods = (response) => response.end(Buffer.from([0xff, 0xfe]));
      expect(await shown()).toMatchObject({ bytes: 2, body_base64: '//4=' });
      the.goods = (response) => response.end('x'.repeat(20_000));
      expect(textOf((await shown())['body'])).toHaveLength(16_384);
      the.goods = (response) => response.end(`${'x'.repeat(16_383)}😀`);
      expect(textOf((await shown())['body']).at(-1)).toBe('\ufffd');
      the.goods = (response) => response.writeHead(500).end();
      expect(await codeOf(desk.fetch(the.ask(), CHOICE, false))).toBe('paid_not_given');
      the.goods = (response) => response.writeHead(200).end('x'.repeat(2_000_000));
      expect(await codeOf(desk.fetch(the.ask(), CHOICE, false))).toBe('paid_not_given');
      expect(await the.tokens.list(10)).toMatchObject([{ trouble: expect.any(String) }]);
      expect(await spent(the)).toBe(5000n);
    });
  });
});

const bigints = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;
