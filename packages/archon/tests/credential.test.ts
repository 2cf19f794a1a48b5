import type { JsonObject, NodeId } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aggregateReputation,
  type CredentialFacts,
  type Did,
  deactivate,
  issueCredential,
  MANAGEMENT_SCHEMA,
  MANAGEMENT_TYPE,
  type ManagementGrant,
  managementClaims,
  newest,
  REPUTATION_WEIGHT_MAX,
  REVOCATION_CACHE_MS,
  type ReputationVote,
  readCredential,
  readManagementGrant,
  readReputation,
  reputationClaims,
  rotateKey,
  schemaFault,
  schemaOf,
  scopeFault,
  verifyChain,
  verifyCredential,
} from '../src/index.ts';
import { agent, asset, at, extended, publicKeyOf, START_MS, secretOf } from './made.ts';
import { agents, eventsOf, vectors } from './vectors.ts';

const NODE = `02${'ab'.repeat(32)}` as NodeId;
const grant: ManagementGrant = {
  node: NODE,
  mode: 'act',
  tier: 'standard',
  actions: ['hive:fee-policy/v1', 'hive:monitor/v1 status'],
  dangerMax: 4,
  terms: {},
};
const issuer = agent(1);
const subject = agent(2);
const status = asset(issuer, { for: 'a credential' }, 1);

function issued(more: Partial<Parameters<typeof issueCredential>[0]> = {}, key = issuer.key) {
  return issueCredential(
    {
      issuer: issuer.did,
      subject: subject.did,
      type: MANAGEMENT_TYPE,
      schema: MANAGEMENT_SCHEMA,
      claims: managementClaims(grant),
      status: status.did,
      validFromMs: START_MS,
      validUntilMs: START_MS + 1_000_000,
      ...more,
    },
    key,
    at(2),
  );
}

const facts: CredentialFacts = {
  issuer: issuer.chain,
  trusted: true,
  status: { kind: 'known', chain: status, ageMs: 0 },
  schema: () => undefined,
  graceMs: 0,
  now: START_MS + 10_000,
};

function verdict(changed: Partial<CredentialFacts> = {}, credential = issued()): string {
  const result = verifyCredential(credential, { ...facts, ...changed });
  return result.ok ? (result.stale ? 'stale' : 'good') : result.code;
}

describe('the credential that Archon issued', () => {
  const credential = readCredential(vectors.credential);
  const chainOf = (did: Did) => {
    const chain = verifyChain(did, eventsOf(did), agents);
    return chain.ok ? chain.value : undefined;
  };
  const schema = chainOf(vectors.resolved.schema.did);
  const revoked = chainOf(vectors.credentialDid);
  const [beforehand] =
    revoked === undefined ? [] : [{ ...revoked, versions: [revoked.versions[0]] as const }];
  const base = {
    ...facts,
    issuer: agents(vectors.resolved.alice.did),
    schema: schema && schemaOf(schema),
    now: Date.parse('2026-11-21T10:00:00Z'),
  };

  it('verifies: signature by the key of that time, schema, validity', () => {
    expect(beforehand).toBeDefined();
    const known = beforehand && ({ kind: 'known', chain: beforehand, ageMs: 0 } as const);
    expect(known && verifyCredential(credential, { ...base, status: known })).toEqual({
      ok: true,
      stale: false,
    });
  });

  it('is refused once its DID was deactivated', () => {
    const known = revoked && ({ kind: 'known', chain: revoked, ageMs: 0 } as const);
    expect(known && verifyCredential(credential, { ...base, status: known })).toMatchObject({
      code: 'revoked',
    });
  });

  it('holds what it was made of', () => {
    const { proof: _, ...unsigned } = vectors.credential;
    expect(unsigned).toEqual(vectors.unsignedCredential);
    expect(credential.claims).toEqual({ role: 'fleet-member' });
  });

  it('is refused when any single bit of it changes', () => {
    const text = Buffer.from(JSON.stringify(vectors.credential));
    const known = beforehand && ({ kind: 'known', chain: beforehand, ageMs: 0 } as const);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(7), (index, bit) => {
        const changed = Buffer.from(text);
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        let taken = false;
        try {
          const read = readCredential(
            JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(changed)),
          );
          // The time of its proof is under no signature; it chooses the key, and is under its id.
          taken =
            read.id === credential.id ||
            (known !== undefined &&
              read.proof.created === credential.proof.created &&
              verifyCredential(read, { ...base, status: known }).ok);
        } catch {
          taken = false;
        }
        expect(taken).toBe(false);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

describe('a credential made here', () => {
  it('verifies, and is the same when it is read again', () => {
    expect(verdict()).toBe('good');
    expect(readCredential(JSON.parse(JSON.stringify(issued().json))).id).toBe(issued().id);
    expect(readManagementGrant(issued().claims)).toEqual(grant);
  });

  it.each([
    ['issuer_unknown', { issuer: undefined }],
    ['issuer_unknown', { issuer: subject.chain }],
    ['issuer_untrusted', { trusted: false }],
    ['schema_unknown', { schema: undefined }],
    ['credential_schema', { schema: () => 'wrong' }],
    ['expired', { now: START_MS + 1_000_000 }],
    ['not_yet_valid', { now: START_MS - 300_001 }],
    ['good', { now: START_MS - 300_000 }],
    [
      'revocation_unknown',
      { status: { kind: 'unknown', reason: 'nobody knows' }, graceMs: 86_400_000 },
    ],
    ['good', { status: { kind: 'known', chain: status, ageMs: REVOCATION_CACHE_MS } }],
    [
      'revocation_unknown',
      { status: { kind: 'known', chain: status, ageMs: REVOCATION_CACHE_MS + 1 } },
    ],
    [
      'stale',
      { status: { kind: 'known', chain: status, ageMs: REVOCATION_CACHE_MS + 1 }, graceMs: 1 },
    ],
    [
      'revocation_unknown',
      { status: { kind: 'known', chain: status, ageMs: REVOCATION_CACHE_MS + 2 }, graceMs: 1 },
    ],
    ['status_foreign', { status: { kind: 'known', chain: asset(subject, {}, 1), ageMs: 0 } }],
  ] as const)('is judged %s', (code, changed) => {
    expect(verdict(changed as Partial<CredentialFacts>)).toBe(code);
  });

  it('is refused within one cache time of its revocation, whatever the grace', () => {
    const ended = extended(status, deactivate(status, issuer.key, at(5)), () => issuer.chain);
    const known = { kind: 'known', chain: ended, ageMs: 0 } as const;
    expect(verdict({ status: known, graceMs: 86_400_000 })).toBe('revoked');
  });

  it('stays valid over a rotation when it was signed before, and not when the old key signs after', () => {
    const rotated = extended(
      issuer.chain,
      rotateKey(issuer.chain, publicKeyOf(3), issuer.key, at(1)),
    );
    expect(verdict({ issuer: rotated })).toBe('credential_key');
    const later = extended(
      issuer.chain,
      rotateKey(issuer.chain, publicKeyOf(3), issuer.key, at(3)),
    );
    expect(verdict({ issuer: later })).toBe('good');
    const byNew = { secret: secretOf(3), verificationMethod: `${issuer.did}#key-2` };
    expect(verdict({ issuer: rotated }, issued({}, byNew))).toBe('good');
    const named = { secret: secretOf(9), verificationMethod: `${issuer.did}#key-1` };
    expect(verdict({}, issued({}, named))).toBe('credential_signature');
    expect(newest(later).sequence).toBe(2);
  });

  it.each([
    ['another context', { '@context': ['https://example.com'] }],
    ['no type', { type: ['HiveManagementGrant'] }],
    ['another signer', { issuer: subject.did }],
    [
      'a status of another kind',
      { credentialStatus: { id: status.did, type: 'BitstringStatusListEntry' } },
    ],
    ['a subject without a DID', { credentialSubject: { id: 'https://example.com' } }],
    ['too much', { note: 'x'.repeat(20_000) }],
  ])('with %s is not read', (_what, change) => {
    expect(() => readCredential({ ...issued().json, ...change })).toThrow();
  });
});

describe('the scope of a management credential', () => {
  const asked = {
    node: NODE,
    schema: 'hive:fee-policy/v1',
    action: 'set',
    tier: 'standard',
    danger: 3,
  } as const;

  it.each([
    [{}, undefined],
    [{ node: `03${'ab'.repeat(32)}` as NodeId }, 'other_node'],
    [{ tier: 'admin' as const }, 'scope_tier'],
    [{ schema: 'hive:wallet/v1' }, 'scope_action'],
    [{ schema: 'hive:monitor/v1', action: 'status' }, undefined],
    [{ schema: 'hive:monitor/v1', action: 'peers' }, 'scope_action'],
    [{ danger: 5 }, 'scope_danger'],
  ])('%j: %s', (change, code) => {
    expect(scopeFault(issued(), { ...asked, ...change })?.code).toBe(code);
  });

  it('is that of management credentials alone', () => {
    expect(scopeFault(issued({ type: 'HiveReputation' }), asked)?.code).toBe('not_management');
    expect(scopeFault(issued({ schema: 'urn:x' }), asked)?.code).toBe('not_management');
    expect(() => scopeFault(issued({ claims: { node: NODE } }), asked)).toThrow('mode');
  });
});

describe('a schema', () => {
  const schema = (rule: JsonObject) => ({ schema: rule });

  it.each([
    [
      { type: 'object', properties: { a: { type: 'integer', minimum: 1 } }, required: ['a'] },
      { a: 1 },
      true,
    ],
    [
      { type: 'object', properties: { a: { type: 'integer', minimum: 1 } }, required: ['a'] },
      { a: 0 },
      false,
    ],
    [{ type: 'object', required: ['a'] }, {}, false],
    [{ type: 'object', properties: {}, additionalProperties: false }, { a: 1 }, false],
    [{ properties: { a: { enum: ['x', 'y'] } } }, { a: 'z' }, false],
    [
      { properties: { a: { items: { type: 'string', maxLength: 2 } } } },
      { a: ['ab', 'abc'] },
      false,
    ],
    [{ properties: { a: { type: ['string', 'null'] } } }, { a: null }, true],
    [{ $ref: 'https://example.com' }, {}, false],
    [{ properties: { a: { pattern: '.*' } } }, { a: '' }, false],
    [{ required: ['toString'] }, {}, false],
  ])('%j takes %j: %s', (rule, value, good) => {
    expect(schemaFault(schema(rule as JsonObject), value as JsonObject) === undefined).toBe(good);
  });

  it('that is none takes nothing', () => {
    expect(schemaFault({}, {})).toBeDefined();
  });
});

describe('reputation', () => {
  const claim = {
    domain: 'advisor',
    outcome: 'good',
    scorePpm: 900_000,
    from: 1,
    until: 2,
    metrics: new Map([['actions', 12]]),
    evidence: ['sha256:00'],
  } as const;

  it('is read as it was written', () => {
    expect(readReputation(reputationClaims(claim))).toEqual(claim);
    expect(() => readReputation({ ...reputationClaims(claim), until: 0 })).toThrow('ends');
    expect(() => readReputation({ ...reputationClaims(claim), metrics: { 'A b': 1 } })).toThrow(
      'lower',
    );
  });

  const did = (index: number): Did => `did:cid:${index}`;
  const votes = fc.array(
    fc.record({
      issuer: fc.nat(8).map(did),
      issuedMs: fc.nat(1000),
      scorePpm: fc.nat(1_000_000),
    }),
    { maxLength: 20 },
  );
  const weights = fc.array(fc.nat(REPUTATION_WEIGHT_MAX * 2), { minLength: 9, maxLength: 9 });

  it('does not depend on order or copies, and stays on the scale', () => {
    fc.assert(
      fc.property(votes, weights, fc.nat(), (list, given, turn) => {
        const weightOf = (issuer: Did) => given[Number(issuer.slice(8))] ?? 0;
        const one = aggregateReputation(list, weightOf);
        const cut = list.length === 0 ? 0 : turn % list.length;
        const other = [...list.slice(cut), ...list.slice(0, cut), ...list];
        expect(aggregateReputation(other, weightOf)).toEqual(one);
        expect(one.scorePpm).toBeGreaterThanOrEqual(0);
        expect(one.scorePpm).toBeLessThanOrEqual(1_000_000);
      }),
      { seed: 8 },
    );
  });

  it('is moved by one issuer by no more than a quarter of the scale, and no more than it says', () => {
    fc.assert(
      fc.property(
        votes,
        weights,
        fc.nat(8),
        fc.nat(1_000_000),
        fc.nat(1_000_000),
        (list, given, who, low, high) => {
          const weightOf = (issuer: Did) => given[Number(issuer.slice(8))] ?? 0;
          const others = list.filter(({ issuer }) => issuer !== did(who));
          const says = (scorePpm: number): ReputationVote[] => [
            ...others,
            { issuer: did(who), issuedMs: 1, scorePpm },
          ];
          const first = aggregateReputation(says(low), weightOf);
          const second = aggregateReputation(says(high), weightOf);
          const moved = Math.abs(first.scorePpm - second.scorePpm);
          expect(moved).toBeLessThanOrEqual(first.influencePpm + 1);
          expect(moved).toBeLessThanOrEqual(250_001);
        },
      ),
      { seed: 9 },
    );
  });
});
