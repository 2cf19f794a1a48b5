import { createHash } from 'node:crypto';
import { getPubKeyFromPrivKey } from '@cashu/cashu-ts';
import { type CashuProof, CashuWallet, type Lock, readLock } from '@cl-hive/cashu';
import { isCodedError, type Msat, satToMsat } from '@cl-hive/core';
import { DATABASE_KINDS, TestDatabases } from '@cl-hive/store/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { satOf, URL_A, World } from './support/world.ts';

const databases = new TestDatabases('sqlite');
const worlds: World[] = [];
afterAll(async () => {
  for (const world of worlds) {
    await world.close();
  }
  await databases.remove();
});

function newWorld(options?: ConstructorParameters<typeof World>[0]): World {
  const world = new World(options);
  worlds.push(world);
  return world;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'fine',
    (thrown: unknown) => thrown,
  );
  return isCodedError(error) ? error.code : String(error);
}

const sat = (amount: number): Msat => satToMsat(amount);
const nobody = { secrets: new Map<string, string>() };

describe.each(DATABASE_KINDS)('the wallet on %s', (kind) => {
  const own = new TestDatabases(kind);
  const world = new World();
  afterAll(async () => {
    await world.close();
    await own.remove();
  });

  it('buys, sends, receives and pays, and has what the mint says', async () => {
    const alice = await world.wallet(await own.location(), 'alice');
    const bob = await world.wallet(await own.location(), 'bob');
    await world.fund(alice, 1000);
    expect(await satOf(alice)).toBe(1000);

    const send = await alice.prepare.send({
      key: 's',
      mint: URL_A,
      gifts: [{ amountMsat: sat(300) }],
    });
    const sent = await alice.run(send.key);
    expect(sent.state).toBe('done');
    const text = alice.tokenOf(sent) ?? '';
    expect(text).toMatch(/^cashuB/);

    const token = await bob.read(text);
    const received = await bob.prepare.receive({ key: 'r', token, opener: nobody });
    expect((await bob.run(received.key)).state).toBe('done');
    await alice.reconcile();
    expect([await satOf(alice), await satOf(bob)]).toEqual([700, 300]);

    const invoice = world.lightning.newInvoice(100);
    const melt = await bob.prepare.melt({ key: 'm', mint: URL_A, invoice });
    const paid = await bob.run(melt.key);
    expect(paid).toMatchObject({ state: 'done', amountMsat: 100_000n, feeMsat: 1000n });
    expect(paid.terms.preimage).toBe(invoice.split(':')[2]);
    expect(await satOf(bob)).toBe(199);
    expect((await satOf(alice)) + (await satOf(bob))).toBe(world.mint.outstanding);
    expect(world.troubles).toEqual([]);
  });
});

describe('mints', () => {
  it('are listed by the operator alone, and only those that do what is needed', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    expect(await codeOf(wallet.mints.add(URL_A, false))).toBe('mint_listed');
    for (const url of [
      'http://mint.example',
      'https://u:p@mint.example',
      'ftp://x',
      'https://x/?a',
    ]) {
      expect(await codeOf(wallet.mints.add(url, false))).toBe('mint_url');
    }
    const poor = newWorld({ nuts: [7, 8, 10, 11, 14] });
    world.fronts.set('https://poor.example', poor.front);
    expect(await codeOf(wallet.mints.add('https://poor.example/', false))).toBe('mint_unfit');
    const send = { key: 'x', mint: 'https://poor.example', gifts: [{ amountMsat: sat(1) }] };
    expect(await codeOf(wallet.prepare.send(send))).toBe('mint_unlisted');
  });

  it('are removed only when they hold nothing', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    await world.fund(wallet, 8);
    expect(await codeOf(wallet.mints.remove(URL_A))).toBe('mint_holds');
    const invoice = world.lightning.newInvoice(5);
    await wallet.prepare.melt({ key: 'm', mint: URL_A, invoice });
    await wallet.run('m');
    expect(await codeOf(wallet.mints.remove(URL_A))).toBe('mint_holds');
    const rest = await satOf(wallet);
    await wallet.prepare.send({ key: 's', mint: URL_A, gifts: [{ amountMsat: sat(rest) }] });
    const token = await wallet.read(wallet.tokenOf(await wallet.run('s')) ?? '');
    const other = await world.wallet(await databases.location(), 'other');
    await other.prepare.receive({ key: 'r', token, opener: nobody });
    await other.run('r');
    await wallet.reconcile();
    await wallet.mints.remove(URL_A);
    expect(await wallet.mints.list()).toEqual([]);
  });

  it('with the keyset of another mint are refused', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    world.fronts.set('https://twin.example', world.front);
    expect(await codeOf(wallet.mints.add('https://twin.example', false))).toBe('keyset_unusable');
  });

  it.each(['bad_amount', 'bad_proof'] as const)(
    'that answer with a %s are not used any more, and what they did is kept',
    async (fault) => {
      const world = newWorld();
      const wallet = await world.wallet(await databases.location());
      await world.fund(wallet, 64);
      await wallet.prepare.send({ key: 's', mint: URL_A, gifts: [{ amountMsat: sat(5) }] });
      world.front.fault = (_method, path) => (path === '/v1/swap' ? fault : undefined);
      expect(await wallet.run('s')).toMatchObject({ state: 'disputed' });
      expect(world.troubles).toHaveLength(1);
      const again = { key: 't', mint: URL_A, gifts: [{ amountMsat: sat(5) }] };
      expect(await codeOf(wallet.prepare.send(again))).toBe('mint_quarantined');
    },
  );

  it('that change their keyset are followed, also between invoice and proofs', async () => {
    const world = newWorld({ keyset: { name: 'old', version: 1, heights: 12 } });
    const wallet = await world.wallet(await databases.location());
    await world.fund(wallet, 100);
    const { terms } = await wallet.prepare.mint({ key: 'm', mint: URL_A, amountMsat: sat(50) });
    world.mint.rotate({ name: 'new', version: 0, heights: 12 });
    world.lightning.paid.add(terms.invoice ?? '');
    expect((await wallet.run('m')).state).toBe('open');
    expect((await wallet.run('m')).state).toBe('done');
    await wallet.prepare.send({ key: 's', mint: URL_A, gifts: [{ amountMsat: sat(100) }] });
    expect((await wallet.run('s')).sent.every(({ keyset }) => keyset.startsWith('00'))).toBe(true);
    expect(await satOf(wallet)).toBe(150);
  });
});

describe('the seed', () => {
  it('brings all plain proofs back, and no counter is used twice', async () => {
    const world = newWorld();
    const lost = await world.wallet(await databases.location(), 'mine');
    await world.fund(lost, 63);
    await lost.prepare.send({ key: 's', mint: URL_A, gifts: [{ amountMsat: sat(10) }] });
    const token = await lost.read(lost.tokenOf(await lost.run('s')) ?? '');
    // Its database is gone; the node's secret is not.
    const found = await world.wallet(await databases.location(), 'mine');
    expect(await satOf(found)).toBe(53);
    await world.fund(found, 7);
    await found.prepare.receive({ key: 'r', token, opener: nobody });
    expect((await found.run('r')).state).toBe('done');
    expect(await satOf(found)).toBe(70);
    expect(await found.mints.restore(URL_A)).toEqual({ proofs: 0, foundMsat: 0n, pending: 0 });
  });

  it('an older copy of the database neither spends twice nor forgets', async () => {
    const world = newWorld();
    const location = await databases.location();
    const wallet = await world.wallet(location, 'mine');
    await world.fund(wallet, 31);
    const [store] = world.stores.slice(-1);
    const copy = `${location}.copy`;
    await store?.backup(copy);
    await wallet.prepare.send({ key: 's', mint: URL_A, gifts: [{ amountMsat: sat(4) }] });
    await wallet.run('s');
    const restored = new CashuWallet({
      ...world.parts(await world.store(copy), 'mine'),
      generation: 1,
    });
    await restored.prepare.send({ key: 't', mint: URL_A, gifts: [{ amountMsat: sat(3) }] });
    const outcome = await restored.run('t');
    expect(['disputed', 'void']).toContain(outcome.state);
    await restored.mints.restore(URL_A);
    expect(await satOf(restored)).toBe(27);
    expect(world.mint.outstanding).toBe(31);
  });
});

describe('locks', () => {
  const KEYS = [1, 2, 3].map((byte) => Buffer.from(new Uint8Array(32).fill(byte)).toString('hex'));
  const POINTS = KEYS.map((key) =>
    Buffer.from(getPubKeyFromPrivKey(Buffer.from(key, 'hex'))).toString('hex'),
  );
  const opener = (which: readonly number[], preimage?: string) => ({
    secrets: new Map(which.map((index) => [POINTS[index] ?? '', KEYS[index] ?? ''])),
    ...(preimage === undefined ? {} : { preimage }),
  });
  const preimage = '42'.repeat(32);
  const hash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');

  async function locked(lock: Partial<Lock>, options?: ConstructorParameters<typeof World>[0]) {
    const world = newWorld(options);
    const payer = await world.wallet(await databases.location(), 'payer');
    const payee = await world.wallet(await databases.location(), 'payee');
    await world.fund(payer, 64);
    const whole = { publicKeys: [], required: 1, refundKeys: [], requiredRefund: 1, ...lock };
    const locktimeS = Math.floor(world.clock.now() / 1000) + 3600;
    const send = async () => {
      await payer.prepare.send({
        key: 's',
        mint: URL_A,
        gifts: [
          {
            amountMsat: sat(20),
            lock: whole.refundKeys.length > 0 ? { ...whole, locktimeS } : whole,
          },
        ],
      });
      return payer.read(payer.tokenOf(await payer.run('s')) ?? '');
    };
    return { world, payer, payee, send };
  }

  it('NUT-11: two of three keys open it, one does not', async () => {
    const { payee, send } = await locked({ publicKeys: POINTS, required: 2 });
    const token = await send();
    const receive = (which: readonly number[]) =>
      payee.prepare.receive({ key: 'r', token, opener: opener(which) });
    expect(await codeOf(receive([1]))).toBe('lock_closed');
    await receive([2, 0]);
    expect((await payee.run('r')).state).toBe('done');
  });

  it('NUT-14: the receiver needs the preimage, and still can after the locktime', async () => {
    const { world, payee, send } = await locked({
      publicKeys: [POINTS[0] ?? ''],
      hash,
      refundKeys: [POINTS[1] ?? ''],
    });
    const token = await send();
    expect(await codeOf(payee.prepare.receive({ key: 'r', token, opener: opener([0]) }))).toBe(
      'lock_closed',
    );
    world.clock.advance(7_200_000);
    await payee.prepare.receive({ key: 'r', token, opener: opener([0], preimage) });
    expect((await payee.run('r')).state).toBe('done');
  });

  it('the payer gets it back after the locktime, not before; the mint decides who was first', async () => {
    const { world, payer, payee, send } = await locked({
      publicKeys: [POINTS[0] ?? ''],
      hash,
      refundKeys: [POINTS[1] ?? ''],
    });
    const token = await send();
    const refund = (key: string) => payer.prepare.receive({ key, token, opener: opener([1]) });
    expect(await codeOf(refund('early'))).toBe('lock_closed');
    world.clock.advance(7_200_000);
    await refund('late');
    await payee.prepare.receive({ key: 'r', token, opener: opener([0], preimage) });
    expect((await payee.run('r')).state).toBe('done');
    expect(await payer.run('late')).toMatchObject({ state: 'void' });
    await payer.reconcile();
    expect([await satOf(payer), await satOf(payee)]).toEqual([44, 20]);
  });

  it('are refused by a mint that does not advertise them, and beyond its keyset’s life', async () => {
    const unlocked = await locked({ publicKeys: [POINTS[0] ?? ''] }, { nuts: [7, 8, 9, 12] });
    expect(await codeOf(unlocked.send())).toBe('lock_unsupported');
    const noHash = await locked({ publicKeys: [], hash }, { nuts: [7, 8, 9, 10, 11, 12] });
    expect(await codeOf(noHash.send())).toBe('lock_unsupported');
    const finalExpiry = 1_700_000_000 + 88_000;
    const short = await locked(
      { publicKeys: [POINTS[0] ?? ''], refundKeys: [POINTS[1] ?? ''] },
      { keyset: { name: 'short', version: 1, heights: 12, finalExpiry } },
    );
    expect(await codeOf(short.send())).toBe('lock_outlives_keyset');
    expect(await satOf(short.payer)).toBe(64);
  });

  it.each([
    ['SIG_ALL', '["P2PK",{"nonce":"0","data":"K","tags":[["sigflag","SIG_ALL"]]}]'],
    ['an unknown kind', '["P2SH",{"nonce":"0","data":"K"}]'],
    ['a tag twice', '["P2PK",{"nonce":"0","data":"K","tags":[["n_sigs","1"],["n_sigs","1"]]}]'],
    ['a key twice', '["P2PK",{"nonce":"0","data":"K","tags":[["pubkeys","K"]]}]'],
    ['too high a threshold', '["P2PK",{"nonce":"0","data":"K","tags":[["n_sigs","2"]]}]'],
    ['no key', '["P2PK",{"nonce":"0","data":"02"}]'],
    ['no hash', '["HTLC",{"nonce":"0","data":"K"}]'],
  ])('with %s is not taken', (_what, secret) => {
    expect(() => readLock(secret.replaceAll('K', POINTS[0] ?? ''))).toThrow(/lock/);
  });

  it('NUT-10: plain secrets have none', () => {
    expect([readLock('00'.repeat(32)), readLock('[not json'), readLock('')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('what is asked', () => {
  it('with a known key is the same, or refused', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    await world.fund(wallet, 64);
    const wish = { key: 's', mint: URL_A, gifts: [{ amountMsat: sat(5) }] };
    const first = await wallet.prepare.send(wish);
    expect(await wallet.prepare.send(wish)).toEqual(first);
    expect(await codeOf(wallet.prepare.send({ ...wish, gifts: [{ amountMsat: sat(6) }] }))).toBe(
      'operation_known',
    );
    const both = await Promise.all([wallet.run('s'), wallet.run('s')]);
    expect(both[0]).toBe(both[1]);
    expect(await wallet.run('s')).toMatchObject({ state: 'done' });
    expect(world.front.seen.filter((one) => one === 'POST /v1/swap')).toHaveLength(1);
    expect(await codeOf(wallet.run('nothing'))).toBe('operation_unknown');
  });

  it('beyond what there is, in parts of a sat, or of nothing is refused', async () => {
    const world = newWorld({ keyset: { name: 'fee', version: 1, heights: 12, feePpk: 1000 } });
    const wallet = await world.wallet(await databases.location());
    await world.fund(wallet, 8);
    const send = (amountMsat: bigint) =>
      codeOf(
        wallet.prepare.send({ key: 's', mint: URL_A, gifts: [{ amountMsat: amountMsat as Msat }] }),
      );
    expect([await send(1n), await send(0n), await send(-1000n), await send(8000n)]).toEqual([
      'amount',
      'amount',
      'amount',
      'balance',
    ]);
    const { state, feeMsat } = await wallet.prepare.send({
      key: 's',
      mint: URL_A,
      gifts: [{ amountMsat: sat(7) }],
    });
    expect([state, feeMsat]).toEqual(['prepared', 1000n]);
  });

  it('two at once never hold the same proof', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    await world.fund(wallet, 64);
    const codes = await Promise.all(
      ['a', 'b', 'c'].map((key) =>
        codeOf(wallet.prepare.send({ key, mint: URL_A, gifts: [{ amountMsat: sat(40) }] })),
      ),
    );
    expect(codes.sort()).toEqual(['balance', 'balance', 'fine']);
  });

  it('of a token twice, forged, or of another unit is refused', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    const other = await world.wallet(await databases.location(), 'other');
    await world.fund(wallet, 8);
    await wallet.prepare.send({ key: 's', mint: URL_A, gifts: [{ amountMsat: sat(3) }] });
    const text = wallet.tokenOf(await wallet.run('s')) ?? '';
    const token = await other.read(text);
    const [first] = token.proofs;
    if (first === undefined) {
      throw new Error('no proof');
    }
    const take = (key: string, proofs: readonly CashuProof[]) =>
      other.prepare.receive({ key, token: { ...token, proofs }, opener: nobody });
    expect(await codeOf(take('more', [{ ...first, amountMsat: sat(4) }]))).toBe('token_unusable');
    expect(await codeOf(take('twice', [first, first]))).toBe('token_unusable');
    const bare = { ...first, secret: 'another', dleq: undefined as never };
    const { dleq: _none, ...forged } = bare;
    await take('forged', [forged]);
    expect(await other.run('forged')).toMatchObject({ state: 'void' });
    await take('good', token.proofs);
    expect((await other.run('good')).state).toBe('done');
    await take('again', token.proofs);
    expect(await other.run('again')).toMatchObject({ state: 'void' });
    for (const bad of ['', 'cashuB', text.slice(0, 40), 'x'.repeat(300_000)]) {
      expect(await codeOf(other.read(bad))).toBe('token_malformed');
    }
    expect(await satOf(other)).toBe(3);
  });

  it('of an invoice whose mint pays late or never ends the right way', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    await world.fund(wallet, 100);
    world.lightning.fates.push('pending', 'pending');
    for (const key of ['paid', 'failed']) {
      await wallet.prepare.melt({ key, mint: URL_A, invoice: world.lightning.newInvoice(20) });
      expect(await wallet.run(key)).toMatchObject({ state: 'open', reason: 'the mint is paying' });
      world.lightning.settle(key as 'paid' | 'failed');
      world.clock.advance(200_000);
      await wallet.reconcile();
      await wallet.reconcile();
    }
    expect((await wallet.find('paid'))?.state).toBe('done');
    expect((await wallet.find('failed'))?.state).toBe('void');
    expect(await satOf(wallet)).toBe(world.mint.outstanding);
    expect(await satOf(wallet)).toBe(79);
  });
});

describe('an invoice of a mint', () => {
  it('that was given up and is paid all the same gives its proofs', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    const { terms } = await wallet.prepare.mint({ key: 'm', mint: URL_A, amountMsat: sat(9) });
    await wallet.giveUp('m');
    expect(await wallet.reconcile()).toBe(0);
    expect((await wallet.run('m')).state).toBe('void');
    world.lightning.paid.add(terms.invoice ?? '');
    expect((await wallet.run('m')).state).toBe('done');
    expect(await satOf(wallet)).toBe(9);
  });
});

describe('a mint that cheats or is gone', () => {
  it('and shows a wrong preimage is not used any more', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    await world.fund(wallet, 50);
    const pay = world.lightning.pay.bind(world.lightning);
    world.lightning.pay = async (request, fee) => {
      const paid = await pay(request, fee);
      return paid.state === 'paid' ? { ...paid, preimage: '00'.repeat(32) } : paid;
    };
    const invoice = world.lightning.newInvoice(20);
    await wallet.prepare.melt({ key: 'm', mint: URL_A, invoice });
    expect((await wallet.run('m')).state).toBe('done');
    expect((await wallet.mints.list())[0]?.quarantine).toContain('wrong preimage');
    expect(world.troubles).toHaveLength(1);
  });

  it('and does not answer is asked once a round, whatever is open', async () => {
    const world = newWorld();
    const wallet = await world.wallet(await databases.location());
    await world.fund(wallet, 64);
    world.front.fault = (_method, path) => (path === '/v1/swap' ? 'lose_request' : undefined);
    for (const key of ['a', 'b', 'c']) {
      await wallet.prepare.send({ key, mint: URL_A, gifts: [{ amountMsat: sat(2) }] }).then(
        () => wallet.run(key),
        () => undefined,
      );
    }
    world.front.fault = () => 'lose_request';
    const before = world.front.seen.length;
    expect(await wallet.reconcile()).toBeGreaterThan(0);
    expect(world.front.seen.length - before).toBe(1);
    world.front.fault = () => undefined;
    expect(await wallet.reconcile()).toBe(0);
    expect(await satOf(wallet)).toBe(64);
  });
});
