import { bytesToHex, type JsonObject, type NodeId } from '@cl-hive/core';
import { nobleCurve, signMessage, utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import {
  assertTagged,
  attestationJson,
  type BindingClaim,
  bindingText,
  contactAnswer,
  contactText,
  deactivate,
  didSignature,
  type KeyProof,
  makeBinding,
  readChallenge,
  readDidSignature,
  rotateKey,
  signText,
  textSignedBy,
  verifyAttestation,
  verifyBinding,
  verifyContact,
} from '../src/index.ts';
import { agent, at, extended, publicKeyOf, START_MS, secretOf } from './made.ts';

const self = agent(1);
const nodeSecret = secretOf(7);
const node = bytesToHex(nobleCurve.publicKey(nodeSecret)) as NodeId;
const nostrSecret = secretOf(8);
const nostr = bytesToHex(nobleCurve.publicKey(nostrSecret).slice(1));

const nodeClaim: BindingClaim = { did: self.did, kind: 'node', key: node, created: at(5) };
const nostrClaim: BindingClaim = { did: self.did, kind: 'nostr', key: nostr, created: at(6) };
const signedByNode = (text: string) => signMessage(text, nodeSecret).zbase;
const schnorr = (digest: Uint8Array) =>
  bytesToHex(nobleCurve.schnorrSign(digest, nostrSecret, new Uint8Array(32)));

function nodeBinding(claim = nodeClaim): JsonObject {
  return makeBinding(claim, { signature: signedByNode(bindingText(claim)) }, self.key);
}

function nostrBinding(claim = nostrClaim): JsonObject {
  const signature = schnorr(sha256(utf8ToBytes(bindingText(claim))));
  return makeBinding(claim, { signature }, self.key);
}

function event(content: string): KeyProof {
  const head = { pubkey: nostr, created_at: 1, kind: 1, tags: [] as string[][], content };
  const digest = sha256(utf8ToBytes(JSON.stringify([0, nostr, 1, 1, [], content])));
  return { event: { ...head, id: bytesToHex(digest), sig: schnorr(digest) } };
}

const code = (input: unknown, chain = self.chain) => {
  const result = verifyBinding(input, chain);
  return result.ok ? 'good' : result.error.code;
};

describe('a binding', () => {
  it('of a node key and of a Nostr key holds when both sides signed', () => {
    expect(verifyBinding(nodeBinding(), self.chain)).toEqual({ ok: true, value: nodeClaim });
    expect(verifyBinding(nostrBinding(), self.chain)).toEqual({ ok: true, value: nostrClaim });
    const byEvent = makeBinding(nostrClaim, event(bindingText(nostrClaim)), self.key);
    expect(verifyBinding(JSON.parse(JSON.stringify(byEvent)), self.chain)).toEqual({
      ok: true,
      value: nostrClaim,
    });
  });

  it('PO-09: without proof of possession of the key is refused', () => {
    const foreign = { ...nodeClaim, key: `03${'cd'.repeat(32)}` };
    expect(
      code(makeBinding(foreign, { signature: signedByNode(bindingText(foreign)) }, self.key)),
    ).toBe('binding_key');
    const stranger = { ...nostrClaim, key: '11'.repeat(32) };
    expect(
      code(
        makeBinding(
          stranger,
          { signature: schnorr(sha256(utf8ToBytes(bindingText(stranger)))) },
          self.key,
        ),
      ),
    ).toBe('binding_key');
    expect(code(makeBinding(stranger, event(bindingText(stranger)), self.key))).toBe('binding_key');
    expect(code(makeBinding(nostrClaim, event('something else'), self.key))).toBe('binding_key');
    expect(code({ ...nodeBinding(), signature: undefined })).toBe('binding_did');
  });

  it('is refused when the DID did not sign it, or another did', () => {
    const other = agent(2);
    expect(
      code(makeBinding(nodeClaim, { signature: signedByNode(bindingText(nodeClaim)) }, other.key)),
    ).toBe('binding_did');
    expect(code(nodeBinding(), other.chain)).toBe('binding_did');
    expect(code({ ...nodeBinding(), created: at(6) })).toBe('binding_did');
    expect(code({})).toBe('binding_form');
  });

  it('is refused when any letter of it changes', () => {
    const text = JSON.stringify(nodeBinding());
    for (let index = 0; index < text.length; index += 7) {
      const letter = text[index] === 'a' ? 'b' : 'a';
      const changed = text.slice(0, index) + letter + text.slice(index + 1);
      let verdict = 'unreadable';
      try {
        verdict = code(JSON.parse(changed));
      } catch {
        // Not JSON any more.
      }
      expect(verdict, `at ${index}`).not.toBe('good');
    }
  });

  it('is checked offline with the operations of its DID', () => {
    const attestation = JSON.parse(
      JSON.stringify(attestationJson(self.chain, [nodeBinding(), nostrBinding()])),
    ) as JsonObject;
    expect(verifyAttestation(attestation)).toMatchObject({
      ok: true,
      value: { bindings: [nodeClaim, nostrClaim] },
    });
    const forged = { ...attestation, did: agent(2).did };
    expect(verifyAttestation(forged)).toMatchObject({
      ok: false,
      error: { code: 'chain_wrong_did' },
    });
    const ended = extended(self.chain, deactivate(self.chain, self.key, at(9)));
    expect(verifyAttestation(attestationJson(ended, []))).toMatchObject({ ok: false });
  });
});

describe('a contact', () => {
  const asker = agent(2);
  const asked = readChallenge({ challenge: '5a'.repeat(32), asker: asker.did });
  const attestation = attestationJson(self.chain, [nodeBinding(), nostrBinding()]);
  const created = at(60);
  const answer = (
    key = self.key,
    signature = signedByNode(contactText(asked, self.did, node, created)),
  ) => contactAnswer(asked, { did: self.did, node, attestation }, signature, key, created);
  const fault = (input: unknown, wanted = asked, now = START_MS + 60_000) => {
    const result = verifyContact(input, wanted, now);
    return result.ok ? 'good' : result.error.code;
  };

  it('is who it says when it answers the challenge with both keys, now', () => {
    expect(verifyContact(answer(), asked, START_MS + 60_000)).toMatchObject({
      ok: true,
      value: { did: self.did, node, nostr },
    });
  });

  it('is refused for another challenge, asker, time, DID or node', () => {
    expect(fault(answer(), { ...asked, challenge: '00'.repeat(32) })).toBe('contact_challenge');
    expect(fault(answer(), { ...asked, asker: self.did })).toBe('contact_challenge');
    expect(fault(answer(), asked, START_MS + 361_000)).toBe('contact_time');
    expect(fault(answer(agent(3).key))).toBe('contact_did');
    expect(fault(answer(self.key, signedByNode('something else')))).toBe('contact_node');
    expect(fault({ ...answer(), attestation: attestationJson(self.chain, []) })).toBe(
      'contact_did',
    );
    expect(fault({})).toBe('contact_form');
  });

  it('is refused under a key that was rotated away', () => {
    const rotated = extended(self.chain, rotateKey(self.chain, publicKeyOf(4), self.key, at(10)));
    const newer = attestationJson(rotated, [nodeBinding()]);
    const stale = contactAnswer(
      asked,
      { did: self.did, node, attestation: newer },
      signedByNode(contactText(asked, self.did, node, created)),
      self.key,
      created,
    );
    expect(fault(stale)).toBe('contact_did');
  });

  it.each([
    [{}],
    [{ challenge: 'xyz', asker: asker.did }],
    [{ challenge: '5a'.repeat(31), asker: asker.did }],
  ])('is not challenged by %j', (input) => {
    expect(() => readChallenge(input)).toThrow();
  });
});

describe('a text that a sibling has signed', () => {
  it('SG-09: begins with a registered tag, is plain and short', () => {
    expect(() => assertTagged('cl-hive/management-request/v1:abc')).not.toThrow();
    for (const text of [
      '',
      'hello',
      'cl-hive/management-request/v1:',
      'cl-hive/binding/v1:x',
      'cl-hive/vote/v1:abc',
      'hive:ban_vote:1:approve:2',
      '{"a":1}',
      'xcl-hive/management-request/v1:abc',
    ]) {
      expect(() => assertTagged(text), text).toThrow('tag');
    }
    expect(() => assertTagged(`cl-hive/management-request/v1:${'x'.repeat(1024)}`)).toThrow(
      'longer',
    );
    expect(() => assertTagged('cl-hive/management-request/v1:\n')).toThrow('plain');
  });

  it('verifies with the key that signed, and with no other', () => {
    const signature = signText('cl-hive/management-request/v1:abc', secretOf(1));
    expect(textSignedBy('cl-hive/management-request/v1:abc', signature, publicKeyOf(1))).toBe(true);
    expect(textSignedBy('cl-hive/management-request/v1:abd', signature, publicKeyOf(1))).toBe(
      false,
    );
    expect(textSignedBy('cl-hive/management-request/v1:abc', signature, publicKeyOf(2))).toBe(
      false,
    );
    expect(textSignedBy('cl-hive/management-request/v1:abc', 'x', publicKeyOf(1))).toBe(false);
    expect(readDidSignature(didSignature('#key-1', signature))).toEqual({
      keyId: '#key-1',
      signature,
    });
    expect(readDidSignature(signature)).toBeUndefined();
  });
});
