import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAgent, eventJson, keyToJwk, localEvent, toBase64url } from '@cl-hive/archon';
import { isCodedError, type JsonObject } from '@cl-hive/core';
import { afterAll, describe, expect, it } from 'vitest';
import { readIdentityFile } from '../src/identity/identity-file.ts';
import { openMnemonic, type SealedMnemonic, walletKey } from '../src/identity/wallet-key.ts';
import { freshFile, keeperOn } from './support.ts';

/** A mnemonic, the keys that Archon's own cipher (0.12) derives from it, and how its wallet seals it. */
const wallet = JSON.parse(
  readFileSync(new URL('../fixtures/archon-wallet.json', import.meta.url), 'utf8'),
) as {
  readonly mnemonic: string;
  readonly passphrase: string;
  readonly keys: readonly { account: number; index: number; publicJwk: JsonObject }[];
  readonly seed: { readonly mnemonicEnc: SealedMnemonic };
};

const folder = mkdtempSync(path.join(tmpdir(), 'hive-identity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function file(content: unknown, mode = 0o600): string {
  count += 1;
  const name = path.join(folder, `identity-${count}.json`);
  writeFileSync(name, typeof content === 'string' ? content : JSON.stringify(content), { mode });
  return name;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'taken',
    (thrown: unknown) => thrown,
  );
  return isCodedError(error) ? error.code : String(error);
}

describe('an Archon wallet', () => {
  it('gives the keys that Archon derives', async () => {
    expect(await openMnemonic(wallet.seed.mnemonicEnc, wallet.passphrase)).toBe(wallet.mnemonic);
    await expect(openMnemonic(wallet.seed.mnemonicEnc, 'another')).rejects.toThrow();
    for (const { account, index, publicJwk } of wallet.keys) {
      const key = await walletKey(wallet.mnemonic, account, index);
      expect(keyToJwk(key.publicKey)).toEqual(publicJwk);
    }
  });
});

describe('an identity from a file', async () => {
  const { secret, publicKey } = await walletKey(wallet.mnemonic, 3, 0);
  const operation = createAgent(secret, publicKey, '2026-02-03T00:00:00.000Z');
  const did = `did:cid:${operation.id}`;
  const events = [eventJson(localEvent(operation))];
  const privateJwk = { ...keyToJwk(publicKey), d: toBase64url(secret) };
  const { mnemonic, seed, passphrase } = wallet;

  it.each([
    ['its key', { privateJwk }],
    ['a mnemonic', { mnemonic }],
    ['a wallet with its passphrase', { seed, passphrase }],
  ])('is taken over with %s, and stays over a restart', async (_what, key) => {
    const location = freshFile();
    const { store, keeper } = await keeperOn(location);
    const before = (await keeper.load()).did;
    await keeper.import(await readIdentityFile(file({ did, events, ...key })));
    expect(keeper.current).toMatchObject({ did, source: 'imported', number: 2, keyNumber: 1 });
    await store.close();
    const again = await keeperOn(location);
    expect(await again.keeper.load()).toMatchObject({ did, source: 'imported' });
    expect(await again.keeper.rotateKeys()).toMatchObject({ did, source: 'derived', keyNumber: 2 });
    expect((await again.keeper.rotateDid()).did).not.toBe(before);
    await again.store.close();
  });

  it('is refused with a key of another, a broken chain, or open to others, and never repeated', async () => {
    const { store, keeper } = await keeperOn(freshFile());
    const mine = (await keeper.load()).did;
    const other = await walletKey(mnemonic, 0, 1);
    const wrong = { ...keyToJwk(other.publicKey), d: toBase64url(other.secret) };
    const take = async (content: unknown, mode?: number) => {
      const name = file(content, mode);
      return codeOf(readIdentityFile(name).then((foreign) => keeper.import(foreign)));
    };
    expect(await take({ did, events, privateJwk: wrong })).toBe('identity_key_mismatch');
    expect(await take({ did, events: [], privateJwk })).toBe('identity_key_mismatch');
    expect(await take({ did, events, privateJwk }, 0o644)).toBe('identity_file_open');
    expect(await take({ did, events, seed, passphrase: 'another' })).toBe('identity_file');
    expect(await take({ did, events, mnemonic: 'abandon abandon' })).toBe('identity_file');
    expect(await take({ did, events })).toBe('identity_file');
    expect(await take('nonsense')).toBe('identity_file');
    expect(keeper.current.did).toBe(mine);
    const said: unknown = await readIdentityFile(file({ did, events: 7, privateJwk })).catch(
      (thrown: unknown) => thrown,
    );
    expect(JSON.stringify(said, Object.getOwnPropertyNames(said))).not.toContain(privateJwk.d);
    await store.close();
  });
});
