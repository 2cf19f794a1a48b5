import { describe, expect, it } from 'vitest';
import vectors from '../fixtures/hive-signing-vectors.json' with { type: 'json' };
import { canonicalJson } from './canonical-json.ts';
import { sha256Hex } from './hashes.ts';
import { legacyFeeReportString, type SignedMessageName, signingString } from './signing-strings.ts';
import { ALICE, BOB } from './testing/index.ts';
import { parseWireJson } from './wire-json.ts';
import { JsonFloat, member, type WireObject } from './wire-value.ts';

/** Names of the vectors that are not names of types. */
const ALIASES: Readonly<Record<string, SignedMessageName>> = {
  MCF_SOLUTION: 'MCF_SOLUTION_BROADCAST',
  MCF_COMPLETION: 'MCF_COMPLETION_REPORT',
};

/** The payload of a vector; JSON.parse made `0.0` the integer 0, which a float's default undoes. */
function payloadOf(args: unknown, name: string): WireObject {
  const outer = parseWireJson(JSON.stringify(args)) as WireObject;
  const payload = (member(outer, 'payload') as WireObject | undefined) ?? outer;
  return name === 'PHYSARUM_RECOMMENDATION' && payload['flow_intensity'] === 0
    ? { ...payload, flow_intensity: new JsonFloat(0) }
    : payload;
}

describe('signingString', () => {
  it('has vectors for 54 messages', () => {
    expect(new Set(vectors.map(({ message }) => message)).size).toBe(54);
  });

  it.each(vectors.map((vector, index) => [index, vector.message, vector] as const))(
    '%i %s signs what the original signs',
    (_, name, { args, signs }) => {
      const raw = payloadOf(args, name);
      const made =
        name === 'FEE_REPORT_LEGACY'
          ? legacyFeeReportString(raw)
          : signingString(ALIASES[name] ?? (name as SignedMessageName), raw);
      expect(made).toBe(signs);
    },
  );

  it('signs the texts that have no vector', () => {
    const at = { timestamp: 7 };
    expect(signingString('VOUCH', { target_pubkey: 'T', request_id: 'R', ...at })).toBe(
      'hive:vouch:T:R:7',
    );
    const proposal = { proposal_id: 'P', target_peer_id: 'T', reason: 'a "b" é', ...at };
    expect(signingString('BAN_PROPOSAL', proposal)).toBe('hive:ban_proposal:P:T:7:a "b" é');
    expect(signingString('BAN_VOTE', { proposal_id: 'P', vote: 'reject', ...at })).toBe(
      'hive:ban_vote:P:reject:7',
    );
    expect(signingString('MEMBER_LEFT', { peer_id: 'X', reason: 'bye', ...at })).toBe(
      'hive:leave:X:7:bye',
    );
    expect(signingString('SETTLEMENT_OFFER', { peer_id: 'X', bolt12_offer: 'lno1' })).toBe(
      'settlement_offer:X:lno1',
    );
  });

  it('hashes batches sorted by their keys, whatever order they were sent in', () => {
    const entry = (target_peer_id: string, need_type: string, amount: JsonFloat | number) => ({
      target_peer_id,
      need_type,
      amount,
    });
    const sorted = [
      entry('a', 'inbound', 1),
      entry('a', 'outbound', new JsonFloat(2)),
      entry('b', 'inbound', 3),
    ];
    const expected = `LIQUIDITY_SNAPSHOT:R:5:3:${sha256Hex(canonicalJson(sorted)).slice(0, 16)}`;
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const needs = order.map((index) => sorted[index] ?? {});
      expect(signingString('LIQUIDITY_SNAPSHOT', { reporter_id: 'R', timestamp: 5, needs })).toBe(
        expected,
      );
    }
    const probes = [
      { destination: 'a', timestamp: 10 },
      { destination: 'a', timestamp: 9 },
    ];
    const made = signingString('ROUTE_PROBE_BATCH', { reporter_id: 'R', timestamp: 5, probes });
    const turned = canonicalJson([probes[1], probes[0]]);
    expect(made).toBe(`ROUTE_PROBE_BATCH:R:5:2:${sha256Hex(turned).slice(0, 16)}`);
  });

  it('hashes the flow solver’s entries as sent, with Python’s spaces', () => {
    const needs = [{ b: 1, a: new JsonFloat(1) }, { a: 'x' }];
    const spaced = '[{"a": 1.0, "b": 1}, {"a": "x"}]';
    expect(signingString('MCF_NEEDS_BATCH', { reporter_id: 'R', timestamp: 5, needs })).toBe(
      `mcf_needs_batch:R:5:${sha256Hex(spaced).slice(0, 16)}`,
    );
  });

  it('sorts the members of a circular flow, and keeps the path of a probe', () => {
    const [low, high] = [ALICE, BOB].sort();
    for (const members_involved of [
      [ALICE, BOB],
      [BOB, ALICE],
    ]) {
      expect(signingString('CIRCULAR_FLOW_ALERT', { reporter_id: 'R', members_involved })).toBe(
        `CIRCULAR_FLOW_ALERT:R:0:0:0:${low},${high}`,
      );
    }
    expect(signingString('ROUTE_PROBE', { path: ['b', 'a'], destination: 'd' })).toBe(
      'ROUTE_PROBE::d:0:b,a:False:0:0',
    );
  });

  it('tells floats from integers, null from absent, and large integers exactly', () => {
    expect(signingString('EXPANSION_NOMINATE', {})).toContain('"quality_score":0.5');
    const one = { quality_score: new JsonFloat(1), available_liquidity_sats: 2n ** 64n };
    expect(signingString('EXPANSION_NOMINATE', one)).toContain('"quality_score":1.0');
    expect(signingString('EXPANSION_NOMINATE', one)).toContain('18446744073709551616');
    expect(signingString('HEALTH_REPORT', { overall_health: null })).toBe(
      'HEALTH_REPORT::0:None:0:0:0',
    );
    expect(signingString('SPLICE_SIGNED', { txid: null })).toContain('"has_txid":false');
    expect(signingString('SPLICE_SIGNED', { txid: '' })).toContain('"has_txid":true');
  });

  it('refuses an array or object in a line', () => {
    expect(() => signingString('BAN_VOTE', { vote: ['approve'] })).toThrow(/no place/);
  });
});
