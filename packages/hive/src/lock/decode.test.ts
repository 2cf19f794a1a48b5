import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLockMessage, type LockMessage } from '../index.ts';

const node = `02${'a'.repeat(64)}`;
const ballot = { round: 3, proposer: node };
const value = { number: 2, members: [node], previous: 'f'.repeat(64) };
const signature = 'y'.repeat(104);
const about = { attempt: 'w.1', target: node, window: 1, holder: node, epoch: 1 };
const acceptance = { member: node, stop: 9, signature: 'y'.repeat(104) };
const SAMPLES = {
  request: { kind: 'request', attempt: 'w.1', target: node, window: 1, epoch: 1 },
  grant: { kind: 'grant', attempt: 'w.1', target: node, window: 1, epoch: 1, signature },
  refuse: { kind: 'refuse', attempt: 'w.1', reason: 'held', holder: node, epoch: 1 },
  abort: { kind: 'abort', attempt: 'w.1', target: node, window: 1, signature },
  proof: { kind: 'proof', proof: { ...about, words: [{ member: node, signature }] } },
  proof_known: { kind: 'proof_known', attempt: 'w.1' },
  double: {
    kind: 'double',
    double: {
      first: { ...about, member: node, signature },
      second: { ...about, member: node, signature },
      abort: signature,
    },
  },
  aborted: { kind: 'aborted', attempt: 'w.1' },
  prepare: { kind: 'prepare', epoch: 1, ballot },
  promise: { kind: 'promise', epoch: 1, ballot, accepted: { ballot, value } },
  accept: { kind: 'accept', ballot, value },
  accepted: { kind: 'accepted', ballot, value, acceptance },
  ask_epoch: { kind: 'ask_epoch', after: 1 },
  epoch: {
    kind: 'epoch',
    epoch: { ...value, from: 10, ballot, acceptances: [acceptance] },
  },
} satisfies Record<LockMessage['kind'], object>;

describe('messages of the lock', () => {
  it.each(Object.values(SAMPLES))('reads $kind, and leaves out what it does not know', (sample) => {
    expect(decodeLockMessage(sample)).toEqual(sample);
    expect(decodeLockMessage({ ...sample, more: 1 })).toEqual(sample);
  });

  it.each(Object.values(SAMPLES))('refuses $kind with any member missing or wrong', (sample) => {
    for (const key of Object.keys(sample)) {
      if (key !== 'holder' && !(sample.kind === 'promise' && key === 'accepted')) {
        expect(() => decodeLockMessage({ ...sample, [key]: undefined })).toThrow(/expected/);
      }
      for (const bad of [Number.NaN, -1, 2 ** 64, 'x'.repeat(1000), [], { a: 1 }, true]) {
        expect(() => decodeLockMessage({ ...sample, [key]: bad })).toThrow(/expected/);
      }
    }
  });

  it('refuses everything else with a sentence, and never otherwise', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        expect(() => decodeLockMessage(input)).toThrow(/expected/);
      }),
    );
    expect(() => decodeLockMessage({ kind: '__proto__' })).toThrow(/expected/);
  });
});
