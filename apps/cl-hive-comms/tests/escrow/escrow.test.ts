import { isCodedError, type JsonObject } from '@cl-hive/core';
import { TestDatabases } from '@cl-hive/store/testing';
import { Killed, Killer } from '@cl-hive/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Court, MINT, type Party } from './support.ts';

const databases = new TestDatabases('sqlite');
let courts: Court[] = [];
afterEach(async () => {
  await Promise.all(courts.map((court) => court.close()));
  courts = [];
});
afterAll(() => databases.remove());

const DIGEST = 'ab'.repeat(32);
const EVIDENCE = { receipt: 'cd'.repeat(32), done: DIGEST };
const PART = { task: 'fees', digest: DIGEST, amount_msat: 20_000 };
const HOUR_MS = 3_600_000;

async function newCourt(options?: ConstructorParameters<typeof Court>[0]): Promise<Court> {
  const court = new Court(options);
  courts.push(court);
  await court.open('payer', await databases.location());
  await court.open('payee', await databases.location());
  await court.buy(court.party('payer'), 100);
  return court;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'fine',
    (thrown: unknown) => thrown,
  );
  return isCodedError(error) ? error.code : String(error);
}

/** A ticket that is made; its id. */
async function made(court: Court, more: JsonObject = {}): Promise<string> {
  const { receiver_key: key } = await court.party('payee').desk.list();
  const { desk } = court.party('payer');
  const wish = { kind: 'single', mint: MINT, seconds: 7200, parts: [PART], ...more } as const;
  const ticket = await desk.create({ ...wish, receiverKey: key as string });
  return ticket['ticket'] as string;
}

async function funded(court: Court, more: JsonObject = {}): Promise<string> {
  const id = await made(court, more);
  const ticket = await court.party('payer').desk.fund(id, false);
  expect(ticket).toMatchObject({ funding: 'funded' });
  const { desk } = court.party('payee');
  expect(await desk.take(ticket['offer'] ?? {})).toMatchObject({ taken: 'held' });
  return id;
}

const stateOf = async ({ desk }: Party, id: string, part = 0): Promise<unknown> =>
  ((await desk.show(id))['parts'] as readonly JsonObject[])[part]?.['state'];

async function sat({ wallet }: Party): Promise<number> {
  return (await wallet.balance()).reduce(
    (sum, { unspent, held }) => sum + Number(unspent + held) / 1000,
    0,
  );
}

describe('a ticket', () => {
  it('pays for evidence, one receipt for one part; receipts tell it on both sides', async () => {
    const court = await newCourt();
    const parts = [PART, { ...PART, task: 'report' }];
    const id = await funded(court, { kind: 'milestone', parts });
    const payer = court.party('payer').desk;
    const payee = court.party('payee').desk;
    const shown = (part: number, more: JsonObject = {}) => ({ ...EVIDENCE, part, ...more });
    expect(await codeOf(payer.release(id, 1, shown(1)))).toBe('out_of_order');
    expect(await codeOf(payer.release(id, 0, { ...EVIDENCE, done: 'ee'.repeat(32) }))).toBe(
      'evidence_of_other_task',
    );
    expect(await codeOf(payer.release(id, 0, { receipt: EVIDENCE.receipt }))).toBe('task_not_done');
    const { secrets } = await payer.release(id, 0, EVIDENCE);
    expect(await codeOf(payer.release(id, 1, EVIDENCE))).toBe('evidence_used');
    const [secret] = secrets as readonly string[];
    expect(await payee.redeem(id, 0, secret)).toMatchObject({
      parts: [{ state: 'redeemed' }, { state: 'held' }],
    });
    await payer.look();
    expect(await stateOf(court.party('payer'), id)).toBe('spent');
    expect(await sat(court.party('payee'))).toBe(20);
    expect(await court.receipts('payer')).toEqual(['funded', 'released 0', 'spent 0']);
    expect(await court.receipts('payee')).toEqual(['held', 'redeemed 0']);
    expect(court.alerts).toEqual([]);
  });

  it('of a performance pays its bonus for the measure', async () => {
    const court = await newCourt();
    const from = Math.floor(court.clock.now() / 1000);
    const bonus = { task: 'fees', metric: 'earned_msat', at_least: 5000, from, until: from + 3600 };
    const parts = [PART, { ...bonus, amount_msat: 5000 }];
    const id = await funded(court, { kind: 'performance', parts });
    const { desk } = court.party('payer');
    const measured = { receipt: '99'.repeat(32), at: from + 60 };
    expect(await codeOf(desk.release(id, 1, { ...measured, value: 4999 }))).toBe('measure_too_low');
    expect(await codeOf(desk.release(id, 1, { ...measured, value: 5000, at: from - 1 }))).toBe(
      'measure_untimely',
    );
    expect((await desk.release(id, 1, { ...measured, value: 5000 }))['secrets']).toEqual([
      null,
      expect.any(String),
    ]);
  });

  it('costs what danger and reputation say', async () => {
    const court = await newCourt();
    const price = async (danger: number, reputation: string) => {
      const parts = [{ task: 'x', digest: DIGEST, danger, reputation }];
      const { desk } = court.party('payer');
      return (await desk.show(await made(court, { parts })))['amount_msat'];
    };
    expect(await price(4, 'newcomer')).toBe(30_000n);
    expect(await price(4, 'senior')).toBe(10_000n);
    expect(await price(7, 'recognized')).toBe(175_000n);
  });

  it.each([
    ['of another mint', { mint: 'https://other.example' }, 'mint_not_listed'],
    ['of no length', { seconds: 60 }, 'locktime_too_near'],
    ['of ten years', { seconds: 315_360_000 }, 'locktime_too_far'],
    ['in parts of a sat', { parts: [{ ...PART, amount_msat: 1500 }] }, 'amount_not_in_sats'],
    ['with too many parts', { parts: [PART, PART] }, 'parts_of_other_kind'],
    ['with no part', { parts: [] }, 'no_parts'],
    ['with an amount of nothing', { parts: [{ task: 'x', digest: DIGEST }] }, 'decode'],
  ])('%s is refused', async (_what, more, code) => {
    expect(await codeOf(made(await newCourt(), more as JsonObject))).toBe(code);
  });

  it('is refused by mints without locks, and beyond their keysets', async () => {
    expect(await codeOf(made(await newCourt({ nuts: [7, 8, 9, 10, 11, 12] })))).toBe(
      'mint_without_locks',
    );
    const finalExpiry = 1_700_000_000 + 90_000;
    const keyset = { name: 'short', version: 1 as const, heights: 10, finalExpiry };
    expect(await codeOf(made(await newCourt({ keyset }), { seconds: 100_000 }))).toBe(
      'lock_outlives_keyset',
    );
  });

  it('that is offered with other proofs than its terms say is refused', async () => {
    const court = await newCourt();
    const id = await made(court, { parts: [PART] });
    const ticket = await court.party('payer').desk.fund(id, false);
    const offer = ticket['offer'] as { terms: JsonObject; tokens: string[] };
    const { desk } = court.party('payee');
    const terms = (more: JsonObject) => ({ ...offer, terms: { ...offer.terms, ...more } });
    const [part] = offer.terms['parts'] as readonly JsonObject[];
    const later = terms({ id: '01'.repeat(32), locktime: Number(offer.terms['locktime']) + 9 });
    const dearer = terms({ id: '02'.repeat(32), parts: [{ ...part, amount_msat: 21_000 }] });
    const hashed = terms({ id: '03'.repeat(32), parts: [{ ...part, hash: '04'.repeat(32) }] });
    for (const wrong of [later, dearer, hashed]) {
      expect(await desk.take(wrong)).toMatchObject({ taken: 'refused' });
    }
    expect(await codeOf(desk.take({ ...offer, tokens: [] }))).toBe('tokens_differ');
    const key = court.party('payer').desk;
    expect(await codeOf(key.take(offer))).toBe('other_receiver');
    expect(await desk.take(offer)).toMatchObject({ taken: 'held' });
  });
});

describe('what the original got wrong', () => {
  it('ST-16: a refund whose swap times out stays pending, and is refunded only by the mint', async () => {
    const court = await newCourt();
    const id = await funded(court);
    court.clock.advance(3 * HOUR_MS);
    court.front.fault = (_method, path) => (path === '/v1/swap' ? 'lose_request' : undefined);
    const payer = court.party('payer');
    await payer.desk.refund(id, 0);
    expect(await stateOf(payer, id)).toBe('refunding');
    expect(await codeOf(payer.desk.refund(id, 0))).toBe('refund_under_way');
    expect(await codeOf(payer.desk.release(id, 0, EVIDENCE))).toBe('refund_under_way');
    await payer.desk.look();
    expect(await stateOf(payer, id)).toBe('refunding');
    court.front.fault = () => undefined;
    await court.party('payer').desk.look();
    expect(await stateOf(payer, id)).toBe('refunded');
    expect(await sat(payer)).toBe(100);
    expect(await court.receipts('payer')).toEqual(['funded', 'refunded 0']);
  });

  it('ST-16: a refund that was swapped and whose answer was lost is found, not swapped again', async () => {
    const court = await newCourt();
    const id = await funded(court);
    court.clock.advance(3 * HOUR_MS);
    court.front.fault = (_method, path) => (path === '/v1/swap' ? 'lose_answer' : undefined);
    const payer = court.party('payer');
    await payer.desk.refund(id, 0);
    expect(await stateOf(payer, id)).toBe('refunding');
    court.front.fault = () => undefined;
    await payer.desk.look();
    expect(await stateOf(payer, id)).toBe('refunded');
    expect(await sat(payer)).toBe(100);
  });

  it('the receiver’s way stays open after the locktime; whoever the mint swaps first has it', async () => {
    const court = await newCourt();
    const id = await funded(court);
    const { secrets } = await court.party('payer').desk.release(id, 0, EVIDENCE);
    court.clock.advance(3 * HOUR_MS);
    expect(await codeOf(court.party('payer').desk.refund(id, 0))).toBe('secret_was_given');
    const [secret] = secrets as readonly string[];
    const redeemed = await court.party('payee').desk.redeem(id, 0, secret);
    expect(redeemed).toMatchObject({ parts: [{ state: 'redeemed' }] });
  });

  it('what was earned and taken back raises an alert, and is said', async () => {
    const court = await newCourt();
    const id = await funded(court);
    const { secrets } = await court.party('payer').desk.release(id, 0, EVIDENCE);
    court.clock.advance(8 * 24 * HOUR_MS);
    await court.party('payer').desk.refund(id, 0);
    expect(await stateOf(court.party('payer'), id)).toBe('refunded');
    const [secret] = secrets as readonly string[];
    const { desk } = court.party('payee');
    expect(await desk.redeem(id, 0, secret)).toMatchObject({ parts: [{ state: 'taken_back' }] });
    expect(court.alerts).toEqual([
      expect.stringContaining('was earned, and its payer took it back'),
    ]);
  });

  it('a mint that is silent when a ticket is offered leaves it open, not refused', async () => {
    const court = await newCourt();
    const ticket = await court.party('payer').desk.fund(await made(court), false);
    court.front.fault = (_method, path) => (path === '/v1/checkstate' ? 'lose_answer' : undefined);
    const { desk } = court.party('payee');
    const offer = ticket['offer'] ?? {};
    expect(await desk.take(offer)).toMatchObject({ taken: 'checking' });
    court.front.fault = () => undefined;
    await desk.look();
    expect((await desk.list())['earning']).toMatchObject([{ taken: 'held' }]);
  });
});

describe('a side that is killed', () => {
  /** Kills `name` at each step of `act` in turn, starts it anew, lets it look, and checks the sum. */
  async function everyStep(
    name: 'payer' | 'payee',
    prepare: (court: Court) => Promise<string>,
    act: (party: Party, id: string, court: Court) => Promise<unknown>,
    end: (court: Court, id: string) => Promise<void>,
  ): Promise<number> {
    const court = await newCourt();
    let steps = 1;
    for (let at = 1; at <= steps; at += 1) {
      if ((await sat(court.party('payer'))) < 25) {
        await court.buy(court.party('payer'), 100);
      }
      const id = await prepare(court);
      const outcome: unknown = await act(court.party(name, new Killer(at)), id, court).then(
        () => 'done',
        (error: unknown) => error,
      );
      if (outcome !== 'done') {
        expect(outcome).toBeInstanceOf(Killed);
        steps = at + 1;
      }
      for (const one of ['payer', 'payee'] as const) {
        const next = court.party(one);
        await next.wallet.cancelPrepared();
        await next.wallet.reconcile();
        await next.desk.look();
        await next.wallet.reconcile();
      }
      await end(court, id);
      const held = (await court.party('payer').wallet.balance()).concat(
        await court.party('payee').wallet.balance(),
      );
      const all = held.reduce((sum, one) => sum + Number(one.unspent + one.held + one.sent), 0);
      expect(all / 1000).toBe(court.mint.outstanding);
      court.clock.advance(1000);
    }
    expect(court.alerts).toEqual([]);
    return steps;
  }

  it('while it funds has locked once or not at all', async () => {
    const steps = await everyStep(
      'payer',
      (court) => made(court),
      ({ desk }, id) => desk.fund(id, false),
      async (court, id) => {
        const { ticket } = await court.party('payer').desk.payer.find(id);
        expect(['planned', 'unfunded', 'funded']).toContain(ticket.funding);
      },
    );
    expect(steps).toBeGreaterThan(10);
  });

  it('while it redeems has redeemed, or can', async () => {
    const secrets = new Map<string, string>();
    const steps = await everyStep(
      'payee',
      async (court) => {
        const id = await funded(court);
        const released = await court.party('payer').desk.release(id, 0, EVIDENCE);
        secrets.set(id, (released['secrets'] as readonly string[])[0] ?? '');
        return id;
      },
      ({ desk }, id) => desk.redeem(id, 0, secrets.get(id)),
      async (court, id) => {
        const { desk } = court.party('payee');
        if ((await stateOf(court.party('payee'), id)) === 'held') {
          await desk.redeem(id, 0, secrets.get(id));
        }
        await desk.look();
        expect(await stateOf(court.party('payee'), id)).toBe('redeemed');
        await court.party('payer').wallet.reconcile();
      },
    );
    expect(steps).toBeGreaterThan(10);
  });

  it('while it refunds has refunded, or can', async () => {
    const steps = await everyStep(
      'payer',
      async (court) => {
        const id = await funded(court);
        court.clock.advance(3 * HOUR_MS);
        return id;
      },
      ({ desk }, id) => desk.refund(id, 0),
      async (court, id) => {
        const payer = court.party('payer');
        if ((await stateOf(payer, id)) === 'locked') {
          await payer.desk.refund(id, 0);
        }
        expect(await stateOf(payer, id)).toBe('refunded');
      },
    );
    expect(steps).toBeGreaterThan(10);
  });
});
