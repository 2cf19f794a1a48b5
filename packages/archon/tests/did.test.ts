import type { JsonObject } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseVersion,
  createAsset,
  type Did,
  type DidEvent,
  deactivate,
  extendChain,
  localEvent,
  newest,
  readEvent,
  readOperation,
  resolutionOf,
  rotateKey,
  updateDocument,
  verifyChain,
  versionAt,
} from '../src/index.ts';
import { agent, at, publicKeyOf, secretOf } from './made.ts';
import { agents, eventsOf, operationsOf, vectors } from './vectors.ts';

function without(document: JsonObject): JsonObject {
  const { didResolutionMetadata: _, ...rest } = document;
  return rest;
}

const { alice, bob, schema } = vectors.resolved;
const nobody = () => undefined;

describe('what Archon made', () => {
  it.each(Object.entries(vectors.resolved))('%s resolves alike', (_name, { did, document }) => {
    const chain = verifyChain(did, eventsOf(did), agents);
    expect(chain).toMatchObject({ ok: true });
    if (chain.ok) {
      expect(resolutionOf(chain.value, newest(chain.value))).toEqual(without(document));
    }
  });

  it('resolves at a version and at a time', () => {
    const chain = agents(alice.did);
    expect(chain).toBeDefined();
    if (chain === undefined) {
      return;
    }
    const first = without(vectors.aliceV1);
    expect(resolutionOf(chain, chooseVersion(chain, { sequence: 1 }))).toEqual(first);
    const rotated = Date.parse(chain.versions[1]?.time ?? '');
    expect(resolutionOf(chain, chooseVersion(chain, { timeMs: rotated - 1 }))).toEqual(first);
    expect(chooseVersion(chain, { timeMs: rotated }).sequence).toBe(2);
    expect(chooseVersion(chain, { sequence: 9 }).sequence).toBe(2);
    expect(chooseVersion(chain, { sequence: 2, timeMs: 0 }).sequence).toBe(1);
  });

  it('is refused when any single bit of an operation changes', () => {
    const dids = Object.values(vectors.resolved).map(({ did }) => did);
    const places = dids.flatMap((did) => operationsOf(did).map((_, at) => ({ did, at })));
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.nat(), fc.nat(7), ({ did, at }, where, bit) => {
        const operations = [...operationsOf(did)];
        const bytes = Buffer.from(JSON.stringify(operations[at]), 'utf8');
        const index = where % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        expect(accepted(did, operations, at, bytes)).toBe(false);
      }),
      { numRuns: 400, seed: 6 },
    );
  });

  it('is refused when a bit of its signature, its key or its predecessor changes', () => {
    const operations = operationsOf(alice.did);
    const changes = operations.flatMap((operation, at) => {
      const { proof, publicJwk, previd } = operation as Record<string, JsonObject & string>;
      return [proof?.['proofValue'], publicJwk?.['x'], publicJwk?.['y'], previd].flatMap((text) =>
        typeof text === 'string' ? Array.from(text, (_, index) => ({ at, text, index })) : [],
      );
    });
    for (const { at, text, index } of changes) {
      const letter = text[index] === 'A' ? 'B' : 'A';
      const changed = text.slice(0, index) + letter + text.slice(index + 1);
      const bytes = Buffer.from(JSON.stringify(operations[at]).replace(text, changed));
      expect(accepted(alice.did, operations, at, bytes), `${text} at ${index}`).toBe(false);
    }
  });
});

/**
 * Whether a chain with a changed operation passes for the same: the proof's own time is under no
 * signature, but under the version id.
 */
function accepted(
  did: Did,
  operations: readonly JsonObject[],
  at: number,
  changed: Uint8Array,
): boolean {
  try {
    const parsed = JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(changed)) as unknown;
    const events = operations.map((operation, index) =>
      localEvent(readOperation(index === at ? parsed : operation)),
    );
    const chain = verifyChain(did, events, agents);
    const real = verifyChain(did, eventsOf(did), agents);
    return (
      chain.ok &&
      real.ok &&
      JSON.stringify(chain.value.versions) === JSON.stringify(real.value.versions)
    );
  } catch {
    return false;
  }
}

describe('what is made here', () => {
  it('is the same for the same secret, and verifies', () => {
    expect(agent(1).did).toBe(agent(1).did);
    expect(agent(2).did).not.toBe(agent(1).did);
  });

  it('lives: asset, update, rotation, deactivation', () => {
    const { did, chain, key } = agent(1);
    const rotated = rotateKey(chain, publicKeyOf(3), key, at(10));
    const second = extendChain(chain, localEvent(rotated), nobody);
    expect(second).toMatchObject({ ok: true });
    if (!second.ok) {
      return;
    }
    expect(newest(second.value).key?.key).toEqual(publicKeyOf(3));
    const key2 = { secret: secretOf(3), verificationMethod: `${did}#key-2` };
    const controllers = (wanted: Did) => (wanted === did ? second.value : undefined);
    const creation = createAsset(did, { hello: ['w', 1] }, key2, at(11));
    const asset = `did:cid:${creation.id}` as const;
    const made = verifyChain(asset, [localEvent(creation)], controllers);
    expect(made).toMatchObject({ ok: true });
    if (!made.ok) {
      return;
    }
    const update = updateDocument(made.value, { didDocumentData: { hello: 2 } }, key2, at(12));
    const updated = extendChain(made.value, localEvent(update), controllers);
    expect(updated.ok && newest(updated.value).data).toEqual({ hello: 2 });
    if (!updated.ok) {
      return;
    }
    const end = deactivate(updated.value, key2, at(13));
    const ended = extendChain(updated.value, localEvent(end), controllers);
    expect(ended.ok && newest(ended.value)).toMatchObject({
      deactivated: true,
      data: {},
      sequence: 3,
    });
    if (ended.ok) {
      const late = updateDocument(ended.value, { didDocumentData: {} }, key2, at(14));
      expect(extendChain(ended.value, localEvent(late), controllers)).toMatchObject({
        error: { code: 'chain_deactivated' },
      });
      const early = versionAt(ended.value, Date.parse(at(12)));
      expect(early).toMatchObject({ deactivated: false, data: { hello: 2 } });
    }
  });

  it('is refused from an old key after the rotation, and from strangers', () => {
    const { did, chain, key } = agent(1);
    const rotated = extendChain(
      chain,
      localEvent(rotateKey(chain, publicKeyOf(3), key, at(10))),
      nobody,
    );
    if (!rotated.ok) {
      throw new Error(rotated.error.message);
    }
    const controllers = (wanted: Did) => (wanted === did ? rotated.value : undefined);
    const refusal = (event: DidEvent) => {
      const result = verifyChain(`did:cid:${event.operation.id}`, [event], controllers);
      return result.ok ? 'taken' : result.error.code;
    };
    expect(refusal(localEvent(createAsset(did, {}, key, at(11))))).toBe('chain_key');
    const key2 = { ...key, verificationMethod: `${did}#key-2` };
    expect(refusal(localEvent(createAsset(did, {}, key2, at(11))))).toBe('chain_signature');
    const other = agent(2);
    expect(refusal(localEvent(createAsset(other.did, {}, other.key, at(11))))).toBe(
      'chain_controller_unknown',
    );
  });
});

describe('a chain from a server that lies', () => {
  const events = eventsOf(alice.did);
  const [first, second] = events as [DidEvent, DidEvent];

  it.each([
    ['nothing', [], 'chain_empty'],
    ['another DID', eventsOf(bob.did), 'chain_wrong_did'],
    ['no beginning', [second], 'chain_order'],
    ['two beginnings', [first, first], 'chain_order'],
    ['a repeated update', [first, second, second], 'chain_order'],
    ['a moved time', [{ ...first, time: '2020-01-01T00:00:00Z' }], 'chain_time'],
    [
      'an update of another DID',
      [first, ...eventsOf(vectors.resolved.poll.did).slice(1)],
      'chain_wrong_did',
    ],
  ] as const)('with %s is refused and says why', (_what, list, code) => {
    expect(verifyChain(alice.did, list, agents)).toMatchObject({ ok: false, error: { code } });
  });

  it('is refused where the controller is not known', () => {
    expect(verifyChain(schema.did, eventsOf(schema.did), nobody)).toMatchObject({
      error: { code: 'chain_controller_unknown', sequence: 1 },
    });
  });
});

describe('an operation', () => {
  const [create] = operationsOf(alice.did) as [JsonObject];

  it.each([
    ['no object', 7],
    ['another type', { ...create, type: 'destroy' }],
    ['no proof', { ...create, proof: undefined }],
    ['another suite', { ...create, proof: { ...(create['proof'] as JsonObject), type: 'x' } }],
    ['another curve', { ...create, publicJwk: { kty: 'EC', crv: 'P-256', x: '', y: '' } }],
    [
      'a key off the curve',
      { ...create, publicJwk: { ...(create['publicJwk'] as JsonObject), y: 'A'.repeat(43) } },
    ],
    [
      'another version',
      { ...create, registration: { version: 2, type: 'agent', registry: 'local' } },
    ],
    [
      'another method',
      {
        ...create,
        registration: { version: 1, type: 'agent', registry: 'local', prefix: 'did:x' },
      },
    ],
    [
      'a registry with a path',
      { ...create, registration: { version: 1, type: 'agent', registry: '../x' } },
    ],
    ['a date that is none', { ...create, created: 'yesterday' }],
    ['an integer beyond a double', { ...create, extra: 2n ** 60n }],
    ['64 KiB', { ...create, extra: 'x'.repeat(65_536) }],
  ])('with %s is refused', (_what, input) => {
    expect(() => readOperation(input)).toThrow();
  });

  it('is read from an event of a Gatekeeper, whose claims are checked for form', () => {
    const event = {
      registry: 'local',
      time: create['created'],
      ordinal: [0],
      operation: create,
      did: alice.did,
    };
    expect(readEvent(event).operation.id).toBe(alice.did.slice('did:cid:'.length));
    expect(() => readEvent({ ...event, time: 5 })).toThrow('time');
    expect(() => readEvent({ ...event, registry: '' })).toThrow('registry');
  });
});
