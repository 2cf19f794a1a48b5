import {
  type AskedAction,
  type Credential,
  didSignature,
  type ManagementGrant,
  REVOCATION_CACHE_MS,
  readCredential,
  signText,
} from '@cl-hive/archon';
import { isCodedError, type NodeId } from '@cl-hive/core';
import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { CredentialDesk } from '../src/credentials/credential-desk.ts';
import { pruneCredentials } from '../src/credentials/credential-store.ts';
import { Directory } from '../src/dids/directory.ts';
import { Gatekeepers } from '../src/dids/gatekeepers.ts';
import { freshFile, keeperOn } from './support.ts';

const NODE = `02${'ab'.repeat(32)}` as NodeId;
const TEXT = 'cl-hive/management-request/v1:00';
const grant: ManagementGrant = {
  node: NODE,
  mode: 'act',
  tier: 'standard',
  actions: 'all',
  dangerMax: 5,
  terms: {},
};
const asked: AskedAction = {
  node: NODE,
  schema: 'hive:monitor/v1',
  action: 'get_info',
  tier: 'monitor',
  danger: 1,
};

/** A node's archon; `others` are the ones whose DIDs it can ask for. */
async function archon(name: string, others: () => readonly Desk[] = () => [], graceMs = 0) {
  const kept = await keeperOn(freshFile(), undefined, name);
  const clock = new VirtualClock(1_790_000_000_000);
  await kept.keeper.load();
  const { store, dids, keeper: self } = kept;
  const gatekeepers = new Gatekeepers({ urls: [], network: () => false, clock, warn: () => {} });
  const askOwner: ConstructorParameters<typeof Directory>[0]['askOwner'] = async (did) => {
    for (const other of others()) {
      const chain = other.reachable ? await other.dids.chain(did) : undefined;
      if (chain !== undefined) {
        return chain.events;
      }
    }
    return undefined;
  };
  const directory = new Directory({ store, dids, gatekeepers, clock, askOwner });
  const made = async (): Promise<void> => {};
  const random = new SeededRandom(1);
  const parts = {
    store,
    dids,
    directory,
    self,
    node: NODE,
    clock,
    random,
    graceMs: () => graceMs,
    made,
  };
  return { ...kept, clock, directory, desk: new CredentialDesk(parts), reachable: true };
}

type Desk = {
  readonly dids: Awaited<ReturnType<typeof archon>>['dids'];
  reachable: boolean;
};

function signedBy({ keeper }: Awaited<ReturnType<typeof archon>>, text = TEXT): string {
  const { key, keyNumber } = keeper.current;
  return didSignature(`#key-${keyNumber}`, signText(text, key.secret));
}

const codeOf = (verdict: { readonly ok: boolean; readonly code?: string }) =>
  verdict.ok ? 'ok' : verdict.code;

describe('a management credential', () => {
  it('covers what it names, for the DID that signs, until it is revoked', async () => {
    const advisor = await archon('advisor');
    const node = await archon('node', () => [advisor]);
    const { did } = advisor.keeper.current;
    const ask = async (signature = signedBy(advisor), more: Partial<AskedAction> = {}) =>
      codeOf(await node.desk.authorize(did, TEXT, signature, { ...asked, ...more }));
    expect(await ask()).toBe('no_credential');
    const management = { kind: 'management', grant } as const;
    const until = node.clock.now() + 10_000;
    const issued = await node.desk.issue({ subject: did, validUntilMs: until, claims: management });
    expect(await ask()).toBe('ok');
    expect(await ask(signedBy(advisor, 'cl-hive/management-request/v1:01'))).toBe('did_signature');
    expect(await ask(signedBy(node))).toBe('did_signature');
    expect(await ask('did:key-1:x')).toBe('did_signature');
    expect(await ask(undefined, { danger: 6 })).toBe('scope_danger');
    expect(await ask(undefined, { tier: 'admin' })).toBe('scope_tier');
    const [first, again] = [
      await node.desk.revoke(issued.id, 'a'),
      await node.desk.revoke(issued.id, 'b'),
    ];
    expect(again.row).toEqual(first.row);
    expect(await ask()).toBe('no_credential');
    const next = await node.desk.issue({ subject: did, validUntilMs: until, claims: management });
    expect(await ask()).toBe('ok');
    node.clock.advance(10_000);
    expect(await ask()).toBe('no_credential');
    const pruned = await node.store.transact((tx) => pruneCredentials(tx, node.clock.now() + 1));
    expect([pruned, codeOf(await node.desk.judge(next))]).toEqual([2, 'expired']);
    await node.store.close();
    await advisor.store.close();
  });

  it('holds over a rotation of either key, and is revoked under an earlier DID too', async () => {
    const advisor = await archon('advisor');
    const node = await archon('node', () => [advisor]);
    const { did } = advisor.keeper.current;
    const claims = { kind: 'management', grant } as const;
    const { id } = await node.desk.issue({ subject: did, validUntilMs: undefined, claims });
    await node.keeper.rotateKeys();
    const ask = async () => codeOf(await node.desk.authorize(did, TEXT, signedBy(advisor), asked));
    expect(await ask()).toBe('ok');
    const old = signedBy(advisor);
    await advisor.keeper.rotateKeys();
    // A key that is not known has the DID asked for anew, once a minute.
    expect(await ask()).toBe('did_signature');
    node.clock.advance(60_001);
    expect(await ask()).toBe('ok');
    expect(codeOf(await node.desk.authorize(did, TEXT, old, asked))).toBe('did_signature');
    await node.keeper.rotateDid();
    expect(await ask()).toBe('ok');
    await node.desk.revoke(id, '');
    expect(await ask()).toBe('no_credential');
    await node.store.close();
    await advisor.store.close();
  });

  it('has nobody asked for the sake of a wrong signature', async () => {
    const advisor = await archon('advisor');
    let questions = 0;
    const node = await archon('node', () => {
      questions += 1;
      return [advisor];
    });
    const { did } = advisor.keeper.current;
    await node.directory.resolve(did, 0);
    node.clock.advance(2 * REVOCATION_CACHE_MS);
    const before = questions;
    const wrong = didSignature(
      '#key-1',
      signText('something else', advisor.keeper.current.key.secret),
    );
    const unknown = didSignature('#key-9', signText(TEXT, advisor.keeper.current.key.secret));
    for (let time = 0; time < 5; time += 1) {
      expect(codeOf(await node.desk.authorize(did, TEXT, wrong, asked))).toBe('did_signature');
    }
    expect(questions).toBe(before);
    for (let time = 0; time < 5; time += 1) {
      expect(codeOf(await node.desk.authorize(did, TEXT, unknown, asked))).toBe('did_signature');
    }
    expect(questions).toBe(before + 1);
    advisor.reachable = false;
    node.clock.advance(2 * REVOCATION_CACHE_MS);
    await Promise.all([1, 2, 3].map(() => node.desk.authorize(did, TEXT, unknown, asked)));
    expect(questions).toBe(before + 2);
    await node.store.close();
    await advisor.store.close();
  });

  it('in the node’s own name counts only if it remembers issuing it', async () => {
    const advisor = await archon('advisor');
    const node = await archon('node', () => [advisor]);
    const { did } = advisor.keeper.current;
    const claims = { kind: 'management', grant } as const;
    const issued = await node.desk.issue({ subject: did, validUntilMs: undefined, claims });
    await node.store.transact((tx) => tx.deleteFrom('did_credentials').execute());
    expect(await node.desk.accept(issued, undefined)).toBe('shown');
    const verdict = await node.desk.authorize(did, TEXT, signedBy(advisor), asked);
    expect(verdict.ok).toBe(false);
    await node.store.close();
    await advisor.store.close();
  });
});

describe('a credential of another issuer', () => {
  async function shown(graceMs: number) {
    const issuer = await archon('issuer');
    const advisor = await archon('advisor');
    const node = await archon('node', () => [issuer, advisor], graceMs);
    const claims = { kind: 'management', grant } as const;
    const subject = advisor.keeper.current.did;
    const issued: Credential = await issuer.desk.issue({
      subject,
      validUntilMs: undefined,
      claims,
    });
    const credential = readCredential(JSON.parse(JSON.stringify(issued.json)));
    const judge = async () => codeOf(await node.desk.judge(credential));
    const close = async () => {
      for (const { store } of [issuer, advisor, node]) {
        await store.close();
      }
    };
    return { issuer, advisor, node, credential, judge, close };
  }

  it('counts once the operator trusts the issuer, and no longer than an hour without asking', async () => {
    const { issuer, node, credential, judge, close } = await shown(0);
    expect(await judge()).toBe('issuer_untrusted');
    const refused: unknown = await node.desk
      .accept(credential, undefined)
      .catch((error: unknown) => error);
    expect(isCodedError(refused, 'credential_refused')).toBe(true);
    await node.desk.issuers.set(issuer.keeper.current.did, true, 0);
    expect(await judge()).toBe('ok');
    await issuer.desk.revoke(credential.id, 'stolen');
    expect(await judge()).toBe('ok');
    node.clock.advance(REVOCATION_CACHE_MS + 1);
    expect(await judge()).toBe('revoked');
    await close();
  });

  it('is refused when nobody can say whether it was revoked, but for the operator’s grace', async () => {
    const { issuer, node, judge, close } = await shown(60_000);
    await node.desk.issuers.set(issuer.keeper.current.did, true, 0);
    expect(await judge()).toBe('ok');
    issuer.reachable = false;
    node.clock.advance(REVOCATION_CACHE_MS + 60_000);
    expect(await judge()).toBe('ok');
    node.clock.advance(1);
    expect(await judge()).toBe('revocation_unknown');
    await close();
  });

  it('of which the status was never seen is refused whatever the grace', async () => {
    const { issuer, node, judge, close } = await shown(86_400_000);
    await node.desk.issuers.set(issuer.keeper.current.did, true, 0);
    await node.directory.resolve(issuer.keeper.current.did, 0);
    issuer.reachable = false;
    expect(await judge()).toBe('revocation_unknown');
    await close();
  });
});

describe('reputation', () => {
  it('is what trusted issuers say, by weight, without what was revoked', async () => {
    const issuer = await archon('issuer');
    const node = await archon('node', () => [issuer]);
    const subject = (await archon('subject')).keeper.current.did;
    const claim = (scorePpm: number) =>
      ({
        kind: 'reputation',
        claim: {
          domain: 'advisor',
          outcome: 'good',
          scorePpm,
          from: 1,
          until: 2,
          metrics: new Map(),
          evidence: [],
        },
      }) as const;
    const score = async () => (await node.desk.reputation(subject, 'advisor')).scorePpm;
    expect(await score()).toBe(500_000);
    const own = await node.desk.issue({ subject, validUntilMs: undefined, claims: claim(900_000) });
    expect(await score()).toBe(600_000);
    await node.desk.issuers.set(issuer.keeper.current.did, false, 100);
    const said = await issuer.desk.issue({ subject, validUntilMs: undefined, claims: claim(0) });
    await node.desk.accept(said, undefined);
    expect(await score()).toBe(480_000);
    await node.desk.revoke(own.id, 'wrong');
    expect(await node.desk.reputation(subject, 'advisor')).toMatchObject({
      scorePpm: 375_000,
      issuers: 1,
      refused: 1,
    });
    await node.store.close();
    await issuer.store.close();
  });
});
