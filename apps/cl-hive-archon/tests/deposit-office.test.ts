import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  archiveName,
  DEPOSIT_BYTES_MAX,
  DEPOSIT_PIECE_BYTES,
  GATEKEEPER_REQUEST_MS,
  readDepositReference,
  VaultFolder,
} from '@cl-hive/archon';
import type { JsonObject, NodeId } from '@cl-hive/core';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Gatekeepers } from '../src/dids/gatekeepers.ts';
import { fetchDeposit } from '../src/vault/deposit-fetch.ts';
import { DepositOffice } from '../src/vault/deposit-office.ts';
import type { DepositRecord } from '../src/vault/deposit-records.ts';
import { FakeGatekeeper } from './fake-gatekeeper.ts';
import { freshFile, openArchonStore } from './support.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-deposits-'));
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) {
    await end();
  }
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const NODE = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' as NodeId;
const HOUR = 3_600_000;
let made = 0;

async function fake(): Promise<FakeGatekeeper> {
  const gatekeeper = await FakeGatekeeper.start();
  ends.push(() => gatekeeper.stop());
  return gatekeeper;
}

function freshFolder(): string {
  made += 1;
  const folder = path.join(base, String(made));
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** A node's deposits on a database, with Gatekeepers; `again` is the plugin started anew. */
async function node(fakes: readonly FakeGatekeeper[], more: { network?: () => boolean } = {}) {
  const location = freshFile();
  const folder = freshFolder();
  const remembered: DepositRecord[] = [];
  const warnings: string[] = [];
  const clock = new VirtualClock();
  const open = async () => {
    const store = await openArchonStore(location);
    const warn = (text: unknown): void => void warnings.push(String(text));
    const urls = fakes.map(({ url }) => url);
    const gatekeepers = new Gatekeepers({ urls, clock, warn, network: () => true, ...more });
    const records = {
      list: async () => remembered,
      add: async (records: readonly DepositRecord[]) => {
        const known = remembered.map(({ reference }) => reference);
        remembered.push(...records.filter(({ reference }) => !known.includes(reference)));
      },
    };
    const vault = (): VaultFolder => new VaultFolder(folder, NODE);
    const log = { info: () => {}, warn };
    const office = new DepositOffice({ store, clock, log, gatekeepers, records, folder: vault });
    ends.push(() => store.close());
    const take = async (sequence: number, content: Uint8Array) => {
      const name = archiveName(NODE, sequence);
      const sha256 = createHash('sha256').update(content).digest('hex');
      writeFileSync(path.join(folder, name), content, { mode: 0o600 });
      const wish = { sequence, name, bytes: content.length, sha256 };
      await store.transact((tx) => office.take(tx, wish));
      return path.join(folder, name);
    };
    const row = async (sequence: number): Promise<JsonObject> =>
      (await office.stateOf(sequence)) ?? {};
    return { store, gatekeepers, office, take, row };
  };
  return { ...(await open()), again: open, folder, remembered, warnings, clock };
}

/** Bytes that differ by number; two pieces and a bit unless said otherwise. */
function content(number: number, length = 2 * DEPOSIT_PIECE_BYTES + 17): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4096) {
    bytes.writeUInt32BE(number * 1_000_003 + at, Math.min(at, length - 4));
  }
  return bytes;
}

/** What comes of `work`, when no request that `stalling` leaves without an answer is waited for longer than it may. */
async function passing<T>(clock: VirtualClock, stalling: FakeGatekeeper, work: Promise<T>) {
  const end = { over: false };
  const ended = work.finally(() => {
    end.over = true;
  });
  ended.catch(() => undefined);
  for (let seen = 0; !end.over; ) {
    await new Promise((resolve) => setImmediate(resolve));
    if (stalling.stalled > seen) {
      seen += 1;
      clock.advance(GATEKEEPER_REQUEST_MS);
    }
  }
  return ended;
}

describe('an archive that goes to a Gatekeeper', () => {
  it('is there in pieces, remembered by lightningd, and comes back byte for byte', async () => {
    const at = await fake();
    const { office, take, row, remembered, gatekeepers, folder, store } = await node([at]);
    const file = await take(1, content(1));
    await office.run();
    const done = await row(1);
    expect(done).toMatchObject({ state: 'done', gatekeeper: at.url });
    expect(remembered).toMatchObject([{ reference: done['reference'], sequence: 1 }]);
    expect(at.data.size).toBe(4);
    expect(await office.lastSequence()).toBe(1);
    const left = await store.reader.selectFrom('archon_deposit_pieces').selectAll().execute();
    expect(left).toEqual([]);
    const to = path.join(folder, 'back');
    await fetchDeposit(gatekeepers, done['reference'] as string, to);
    expect(readFileSync(to).equals(readFileSync(file))).toBe(true);
  });

  it('waits with its reason while the network is off, none is named, or all rest', async () => {
    const at = await fake();
    let network = false;
    const { office, take, row, clock, warnings } = await node([at], { network: () => network });
    await take(1, content(1));
    await office.run();
    await office.run(true);
    expect(await row(1)).toMatchObject({
      state: 'waiting',
      trouble: 'network_off',
      remedy: expect.stringContaining('hive-archon-network'),
    });
    expect(at.asked).toEqual([]);
    expect(warnings).toHaveLength(1);
    network = true;
    clock.advance(HOUR);
    await office.run();
    expect(await row(1)).toMatchObject({ state: 'done' });

    const alone = await node([]);
    await alone.take(1, content(1));
    await alone.office.run();
    expect(await alone.row(1)).toMatchObject({ state: 'waiting', trouble: 'no_gatekeeper' });
  });

  it('is tried again with back-off, and on request at once', async () => {
    const at = await fake();
    const { office, take, row, clock } = await node([at]);
    at.manner = 'away';
    await take(1, content(1, 100));
    await office.run();
    const asked = at.asked.length;
    await office.run();
    expect(at.asked).toHaveLength(asked);
    for (let attempt = 2; attempt < 6; attempt += 1) {
      await office.run(true);
      expect(await row(1)).toMatchObject({ attempts: attempt });
    }
    expect(await row(1)).toMatchObject({ trouble: 'resting' });
    at.manner = 'good';
    clock.advance(HOUR);
    await office.run();
    expect(await row(1)).toMatchObject({ state: 'done' });
  });

  it.each([
    ['refuses', 'refused'],
    ['redirects', 'failing'],
    ['away', 'failing'],
    ['stalls', 'failing'],
  ] as const)('goes to the next where one %s', async (manner, trouble) => {
    const [bad, good] = [await fake(), await fake()];
    bad.manner = manner;
    const { office, take, row, clock } = await node([bad, good]);
    await take(1, content(1));
    await passing(clock, bad, office.run());
    expect(await row(1)).toMatchObject({ state: 'done', gatekeeper: good.url });
    expect(bad.data.size).toBe(0);

    const alone = await node([bad]);
    await alone.take(1, content(1));
    await passing(alone.clock, bad, alone.office.run());
    expect(await alone.row(1)).toMatchObject({ state: 'waiting', trouble, gatekeeper: bad.url });
  });

  it.each([
    ['other bytes', (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1)), 'lied'],
    ['fewer bytes', (bytes: Buffer) => bytes.subarray(0, -1), 'lied'],
    ['nothing', () => undefined, 'failing'],
    ['more than an answer may hold', () => Buffer.alloc(1_100_000), 'failing'],
  ] as const)('is not believed to be where %s come back', async (_what, serve, trouble) => {
    const bad = await fake();
    bad.serve = serve;
    const { office, take, row, gatekeepers, remembered } = await node([bad]);
    await take(1, content(1));
    await office.run();
    expect(await row(1)).toMatchObject({ state: 'waiting', trouble, pieces: 0 });
    expect(remembered).toEqual([]);
    const [seen] = gatekeepers.view()['gatekeepers'] as readonly JsonObject[];
    expect(seen?.['lies']).toBe(trouble === 'lied' ? 1 : 0);
  });

  it('goes on after a crash where it was, and elsewhere from the start', async () => {
    const [first, second] = [await fake(), await fake()];
    const world = await node([first, second]);
    await world.take(1, content(1));
    let puts = 0;
    first.onPut = () => {
      puts += 1;
      if (puts === 2) {
        first.manner = 'away';
      }
    };
    await world.office.run();
    expect(await world.row(1)).toMatchObject({
      state: 'waiting',
      pieces: 1,
      gatekeeper: first.url,
    });
    await world.store.close();
    const again = await world.again();
    first.manner = 'good';
    await again.office.wake();
    await again.office.run();
    expect(await again.row(1)).toMatchObject({ state: 'done', gatekeeper: first.url });
    expect(puts).toBe(5);
    expect(second.asked).toEqual([]);

    // One that fails again and again is left, with what it has.
    puts = 0;
    await again.take(2, content(2));
    await again.office.run();
    expect(await again.row(2)).toMatchObject({ state: 'waiting', pieces: 1 });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      world.clock.advance(HOUR);
      await again.office.run();
    }
    expect(await again.row(2)).toMatchObject({ state: 'done', gatekeeper: second.url });
    expect(second.data.size).toBe(4);
  });

  it('is remembered by lightningd at the next start, when it could not be told', async () => {
    const at = await fake();
    const { office, take, remembered } = await node([at]);
    await take(1, content(1, 100));
    await office.run();
    remembered.length = 0;
    await office.wake();
    await office.wake();
    expect(remembered).toHaveLength(1);
  });

  it('VB-03: is given up when the file in the folder is gone, changed or too large', async () => {
    const at = await fake();
    const { office, take, row, store } = await node([at]);
    rmSync(await take(1, content(1)));
    await office.run();
    expect(await row(1)).toMatchObject({ state: 'failed', trouble: 'archive_gone' });
    writeFileSync(await take(2, content(2)), content(3));
    await office.run();
    expect(await row(2)).toMatchObject({ state: 'failed', trouble: 'archive_gone' });
    const wish = { sequence: 3, name: 'x', bytes: DEPOSIT_BYTES_MAX + 1, sha256: '00'.repeat(32) };
    await store.transact((tx) => office.take(tx, wish));
    await office.run();
    expect(await row(3)).toMatchObject({ state: 'failed', trouble: 'too_large' });
    const left = await store.reader.selectFrom('archon_deposit_pieces').selectAll().execute();
    expect(left).toEqual([]);
  });

  it('gives way to a newer one that waits too', async () => {
    const at = await fake();
    const { office, take, row } = await node([at]);
    at.manner = 'away';
    for (const sequence of [1, 2, 3]) {
      await take(sequence, content(sequence, 100));
    }
    at.manner = 'good';
    await office.run();
    expect(await row(1)).toMatchObject({ state: 'failed', trouble: 'superseded' });
    expect(await row(2)).toMatchObject({ state: 'failed', trouble: 'superseded' });
    expect(await row(3)).toMatchObject({ state: 'done' });
  });

  it('stops between two pieces when the plugin idles', async () => {
    const at = await fake();
    const { office, take, row } = await node([at]);
    at.onPut = () => office.idle();
    await take(1, content(1));
    await office.run();
    expect(await row(1)).toMatchObject({ state: 'waiting', pieces: 1, attempts: 0 });
    at.onPut = () => {};
    await office.wake();
    await office.run();
    expect(await row(1)).toMatchObject({ state: 'done' });
  });
});

describe('an archive that comes back from Gatekeepers', () => {
  async function deposited(fakes: readonly FakeGatekeeper[]) {
    const world = await node(fakes);
    const file = await world.take(1, content(1));
    await world.office.run();
    const reference = (await world.row(1))['reference'] as string;
    const to = path.join(world.folder, 'back');
    return { ...world, reference, to, whole: readFileSync(file) };
  }
  const refusal = { code: 'vault_gatekeeper', remedy: expect.any(String) };

  it.each([
    ['lies about a piece', (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1))],
    ['cuts pieces short', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['lost a piece', () => undefined],
  ] as const)(
    'VB-03: comes from another where one %s, and from nobody when all do',
    async (_what, serve) => {
      const [first, second] = [await fake(), await fake()];
      const { gatekeepers, reference, to, whole, folder } = await deposited([first, second]);
      for (const [cid, bytes] of first.data) {
        second.data.set(cid, bytes);
      }
      const bad = (bytes: Buffer) => (bytes.length === 17 ? serve(bytes) : bytes);
      first.serve = bad;
      await fetchDeposit(gatekeepers, reference, to);
      expect(readFileSync(to).equals(whole)).toBe(true);
      rmSync(to);
      second.serve = bad;
      await expect(fetchDeposit(gatekeepers, reference, to)).rejects.toMatchObject(refusal);
      expect(existsSync(to)).toBe(false);
      expect(readdirSync(folder)).toHaveLength(1);
    },
  );

  it('VB-04: comes by the index of an honest one, where another has one of its own', async () => {
    const [liar, honest] = [await fake(), await fake()];
    const { gatekeepers, reference, to, whole } = await deposited([liar, honest]);
    const { index } = readDepositReference(reference);
    for (const [cid, bytes] of liar.data) {
      honest.data.set(cid, bytes);
    }
    // It names its own pieces under the wanted digest.
    const forged = content(9, 100);
    const sha256 = createHash('sha256').update(forged).digest('hex');
    liar.data.set(`bafkrei${sha256}`, forged);
    const pieces = [{ cid: `bafkrei${sha256}`, sha256, length: forged.length }];
    const body = { ...JSON.parse(String(honest.data.get(index))), bytes: forged.length, pieces };
    liar.serve = (bytes, cid) => (cid === index ? Buffer.from(JSON.stringify(body)) : bytes);
    await fetchDeposit(gatekeepers, reference, to);
    expect(readFileSync(to).equals(whole)).toBe(true);
    rmSync(to);
    honest.manner = 'away';
    await expect(fetchDeposit(gatekeepers, reference, to)).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining('its pieces do not give that archive'),
    });
    expect(existsSync(to)).toBe(false);
  });

  it('is waited for no longer than a request may last', async () => {
    const at = await fake();
    const { gatekeepers, reference, to, clock } = await deposited([at]);
    at.manner = 'stalls';
    const fetched = fetchDeposit(gatekeepers, reference, to);
    await expect(passing(clock, at, fetched)).rejects.toMatchObject(refusal);
  });

  it('says that the network is off, that none is named, and what is no reference', async () => {
    const at = await fake();
    const { reference, to } = await deposited([at]);
    const off = await node([at], { network: () => false });
    await expect(fetchDeposit(off.gatekeepers, reference, to)).rejects.toMatchObject({
      ...refusal,
      remedy: 'set hive-archon-network=true',
    });
    const none = await node([]);
    await expect(fetchDeposit(none.gatekeepers, reference, to)).rejects.toMatchObject({
      ...refusal,
      remedy: 'name one with hive-archon-gatekeeper',
    });
    await expect(fetchDeposit(none.gatekeepers, 'gatekeeper:x', to)).rejects.toMatchObject({
      code: 'vault_name',
    });
  });

  it('VB-12: takes the place of no file', async () => {
    const at = await fake();
    const { gatekeepers, reference, folder } = await deposited([at]);
    const to = path.join(folder, 'taken');
    writeFileSync(to, 'mine');
    await expect(fetchDeposit(gatekeepers, reference, to)).rejects.toMatchObject({
      code: 'store_denied',
    });
    expect(readFileSync(to, 'utf8')).toBe('mine');
  });
});
