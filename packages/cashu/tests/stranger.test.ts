import { createHash } from 'node:crypto';
import {
  getEncodedToken,
  getPubKeyFromPrivKey,
  MintQuoteState,
  Wallet as StrangeWallet,
} from '@cashu/cashu-ts';
import { CashuWallet, httpMintLink } from '@cl-hive/cashu';
import { isCodedError, satToMsat } from '@cl-hive/core';
import { TestDatabases } from '@cl-hive/store/testing';
import { type MintServer, serveMint } from '@cl-hive/test-mint';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { satOf, World } from './support/world.ts';

/** The wallet of a library, used as its own documentation does, over HTTP. */
describe('a wallet that was not written here', () => {
  const databases = new TestDatabases('sqlite');
  // The library reads the clock of the machine.
  const world = new World(
    { keyset: { name: 'first', version: 0, heights: 14, feePpk: 100 } },
    new VirtualClock(Date.now()),
  );
  let server: MintServer;
  let ours: CashuWallet;
  let theirs: StrangeWallet;

  beforeAll(async () => {
    server = await serveMint(world.front);
    const store = await world.store(await databases.location());
    ours = new CashuWallet({
      ...world.parts(store),
      link: httpMintLink({ clock: world.clock }),
    });
    await ours.mints.add(server.url, true);
    theirs = new StrangeWallet(server.url, { unit: 'sat' });
    await theirs.loadMint();
  });
  afterAll(async () => {
    await server.close();
    await world.close();
    await databases.remove();
  });

  it('spends what this one sends, and this one what it sends', async () => {
    const bought = await ours.prepare.mint({
      key: 'm',
      mint: server.url,
      amountMsat: satToMsat(100),
    });
    world.lightning.paid.add(bought.terms.invoice ?? '');
    expect((await ours.run('m')).state).toBe('done');

    await ours.prepare.send({ key: 's', mint: server.url, gifts: [{ amountMsat: satToMsat(40) }] });
    const text = ours.tokenOf(await ours.run('s')) ?? '';
    const received = await theirs.receive(text, { requireDleq: true });
    const worth = received.reduce((sum, { amount }) => sum + amount.toNumber(), 0);
    expect(worth).toBe(39);

    const { send } = await theirs.send(20, received);
    const back = getEncodedToken({ mint: server.url, proofs: send, unit: 'sat' });
    const token = await ours.read(back);
    await ours.prepare.receive({ key: 'r', token, opener: { secrets: new Map() } });
    expect((await ours.run('r')).state).toBe('done');
    await ours.reconcile();
    expect(await satOf(ours)).toBe(100 - 41 + 19);
  });

  it('mints, locks to a key and a hash, and this one opens it', async () => {
    // The library reads the amount off the invoice's first characters (BOLT 11).
    world.lightning.invoice = async (sat) => {
      const request = `lnbcrt${sat * 10}n1paper`;
      return { request, hash: request };
    };
    const quote = await theirs.createMintQuoteBolt11(30);
    world.lightning.paid.add(quote.request);
    expect((await theirs.checkMintQuoteBolt11(quote.quote)).state).toBe(MintQuoteState.PAID);
    const proofs = await theirs.mintProofsBolt11(30, quote);
    const secret = '07'.repeat(32);
    const preimage = '09'.repeat(32);
    const pubkey = Buffer.from(getPubKeyFromPrivKey(Buffer.from(secret, 'hex'))).toString('hex');
    const hashlock = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
    const { send } = await theirs.ops.send(8, proofs).asP2PK({ pubkey, hashlock }).run();
    const token = await ours.read(getEncodedToken({ mint: server.url, proofs: send, unit: 'sat' }));
    const opener = { secrets: new Map([[pubkey, secret]]), preimage };
    await ours.prepare.receive({ key: 'locked', token, opener });
    expect((await ours.run('locked')).state).toBe('done');
  });

  it('opens what this one locks', async () => {
    const secret = '0b'.repeat(32);
    const key = Buffer.from(getPubKeyFromPrivKey(Buffer.from(secret, 'hex'))).toString('hex');
    const lock = { publicKeys: [key], required: 1, refundKeys: [], requiredRefund: 1 };
    await ours.prepare.send({
      key: 'l',
      mint: server.url,
      gifts: [{ amountMsat: satToMsat(9), lock }],
    });
    const text = ours.tokenOf(await ours.run('l')) ?? '';
    await expect(theirs.receive(text)).rejects.toThrow();
    const received = await theirs.receive(text, { privkey: secret });
    expect(received.length).toBeGreaterThan(0);
  });

  it('and a mint in the own network has to be listed as such', async () => {
    const store = await world.store(await databases.location());
    const wallet = new CashuWallet({
      ...world.parts(store, 'other'),
      link: httpMintLink({ clock: world.clock }),
    });
    const error: unknown = await wallet.mints
      .add(server.url.replace('http:', 'https:'), false)
      .catch((thrown: unknown) => thrown);
    expect(isCodedError(error, 'mint_url')).toBe(true);
  });
});
