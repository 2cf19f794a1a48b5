import { bytesToHex, hexToBytes, isCodedError } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import facts from '../fixtures/hive-messages.json' with { type: 'json' };
import vectors from '../fixtures/hive-wire-vectors.json' with { type: 'json' };
import { canonicalJson } from './canonical-json.ts';
import {
  type AnyKnownHiveMessage,
  decodeHiveMessage,
  encodeHiveMessage,
  encodePayload,
  isHiveMessage,
} from './hive-message.ts';
import { HIVE_MESSAGE_BYTES_MAX, RELAY_PATH_MAX } from './limits.ts';
import { type HivePayload, MESSAGE_SHAPES } from './message-shapes.ts';
import { type HiveMessageName, MESSAGE_NAMES, messageName, messageType } from './message-types.ts';
import { ALICE, SAMPLES } from './testing/index.ts';
import { utf8ToBytes } from './utf8.ts';
import { parseWireJson } from './wire-json.ts';
import { isWireObject, JsonFloat, type WireObject, type WireValue } from './wire-value.ts';

function known(bytes: Uint8Array): AnyKnownHiveMessage {
  const result = decodeHiveMessage(bytes);
  if (!result.ok || result.value.kind !== 'known') {
    throw new Error(`not a known message: ${canonicalJson(result.ok ? {} : { ...result.error })}`);
  }
  return result.value;
}

/** What a frame around this JSON is refused with; undefined when it is taken. */
function refusal(json: string): { readonly code: string; readonly path?: string } | undefined {
  const result = decodeHiveMessage(utf8ToBytes(`HIVE${json}`));
  return result.ok ? undefined : result.error;
}

function rawOf(name: HiveMessageName): WireObject {
  return encodePayload(name, SAMPLES[name] as HivePayload<'HELLO'>);
}

/** Members whose content is free: their types are nobody's business. */
const FREE =
  /\.(metrics|evidence|constraints|receipt_data|task_params|failure_context|result)(\.|$)/;

/** Members that may be a text or an integer, or a text or an object. */
const EITHER = new Set(['PEER_AVAILABLE payload.channel_id']);

interface Place {
  readonly path: string;
  readonly value: WireValue;
  readonly put: (value: WireValue | undefined) => WireObject;
}

/** Every member of `root`, down to the leaves, and how `root` looks with another value there. */
function* places(
  value: WireValue,
  path: string,
  put: (value: WireValue | undefined) => WireObject,
): Generator<Place> {
  const entries: readonly (readonly [string, WireValue])[] =
    typeof value === 'object' && value !== null && !(value instanceof JsonFloat)
      ? Object.entries(value)
      : [];
  for (const [key, child] of entries) {
    const at = `${path}.${key}`;
    if (FREE.test(at)) {
      continue;
    }
    const replace = (next: WireValue | undefined): WireObject => {
      if (Array.isArray(value)) {
        return put(
          value.map((entry: WireValue, index) => (String(index) === key ? (next ?? null) : entry)),
        );
      }
      const copy = { ...(value as WireObject), [key]: next ?? null };
      if (next === undefined) {
        delete (copy as Record<string, WireValue>)[key];
      }
      return put(copy);
    };
    yield { path: at, value: child, put: replace };
    yield* places(child, at, replace);
  }
}

function allPlaces(raw: WireObject): readonly Place[] {
  return [...places(raw, 'payload', (value) => value as WireObject)];
}

function kind(value: WireValue): string {
  if (value === null) {
    return 'null';
  }
  if (value instanceof JsonFloat) {
    return 'float';
  }
  return Array.isArray(value) ? 'array' : isWireObject(value) ? 'object' : typeof value;
}

/** A value of every type but those that may stand where `value` stands. */
function otherTypes(value: WireValue): readonly WireValue[] {
  const now = kind(value);
  const all: readonly WireValue[] = [
    true,
    '7',
    7,
    new JsonFloat(0.5),
    2n ** 64n,
    [],
    {},
    ['x'],
    { x: 1 },
  ];
  return all.filter((other) => {
    const then = kind(other);
    if (now === 'null' || then === now) {
      return false;
    }
    if (now === 'float') {
      return then !== 'number';
    }
    return !(now === 'bigint' && then === 'number') && !(now === 'number' && then === 'bigint');
  });
}

/** Puts a value of every other type in the place of each member: each is refused with its path. */
function expectTypesChecked(name: HiveMessageName, raw: WireObject): void {
  const all = allPlaces(raw);
  expect(all.length).toBeGreaterThan(1);
  for (const { path, value, put } of all) {
    for (const wrong of otherTypes(value)) {
      if (EITHER.has(`${name} ${path}`) && ['string', 'number'].includes(kind(wrong))) {
        continue;
      }
      const text = canonicalJson({ type: messageType(name).type, version: 1, payload: put(wrong) });
      const found = refusal(text);
      expect(found?.code, `${path} := ${canonicalJson(wrong)}`).toBe('bad_payload');
      expect(`${found?.path}.`.startsWith(`${path}.`), `${path}, found ${found?.path}`).toBe(true);
    }
  }
}

describe('the 66 types', () => {
  it('are the original list: number, reliability, acknowledgement', () => {
    expect(MESSAGE_NAMES).toEqual(Object.keys(facts.messages));
    expect(MESSAGE_NAMES).toHaveLength(66);
    for (const [name, fact] of Object.entries(facts.messages)) {
      const { type, reliable, acknowledges } = messageType(name as HiveMessageName);
      const matched = acknowledges && {
        acknowledges: acknowledges.request,
        matchField: acknowledges.by,
      };
      expect({ type, reliable, ...matched }).toEqual(fact);
      expect(messageName(type)).toBe(name);
    }
    expect(bytesToHex(utf8ToBytes('HIVE'))).toBe(facts.magic);
    expect(facts.maxMessageBytes).toBe(HIVE_MESSAGE_BYTES_MAX);
  });

  it('have fields each, and the field that acknowledges in request and answer', () => {
    expect(Object.keys(MESSAGE_SHAPES).sort()).toEqual([...MESSAGE_NAMES].sort());
    for (const name of MESSAGE_NAMES) {
      const { acknowledges } = messageType(name);
      if (acknowledges !== undefined) {
        expect(MESSAGE_SHAPES[name].fields).toHaveProperty(acknowledges.by);
        expect(MESSAGE_SHAPES[acknowledges.request as HiveMessageName].fields).toHaveProperty(
          acknowledges.by,
        );
      }
    }
  });
});

describe('recorded messages', () => {
  it.each(vectors.map((vector, index) => [index, vector.name, vector] as const))(
    '%i %s is read and written to the same bytes, from what was sent and from the typed payload',
    (_, __, vector) => {
      const message = known(hexToBytes(vector.hex));
      expect(message.name).toBe(vector.name);
      expect(JSON.parse(canonicalJson(message.raw))).toEqual(vector.json.payload);
      expect(bytesToHex(encodeHiveMessage(message.name, message.raw))).toBe(vector.hex);
      const again = encodePayload(
        message.name as 'HELLO',
        message.payload as HivePayload<'HELLO'>,
        message.header,
      );
      expect(bytesToHex(encodeHiveMessage(message.name, again))).toBe(vector.hex);
    },
  );

  it('are refused for any one member of a wrong type, the headers of relays included', () => {
    for (const { hex } of vectors) {
      const { name, raw } = known(hexToBytes(hex));
      expectTypesChecked(name, raw);
    }
  });

  it('carry the headers of relays apart from their own members', () => {
    const relayed = vectors.filter(({ json }) => '_relay' in json.payload);
    expect(relayed).toHaveLength(6);
    for (const { hex, from } of relayed) {
      const { header, payload } = known(hexToBytes(hex));
      expect(header._relay?.relay_path.at(-1)).toBe(from);
      expect(Object.keys(payload).filter((key) => key.startsWith('_'))).toEqual([]);
    }
  });
});

describe('every type', () => {
  it.each(MESSAGE_NAMES)(
    '%s survives encoding and decoding, and keeps members it does not know',
    (name) => {
      const raw = { ...rawOf(name), zz_new: [new JsonFloat(1), { é: '😀' }] };
      const message = known(encodeHiveMessage(name, raw, 2));
      expect(message.name).toBe(name);
      expect(message.version).toBe(2);
      expect(message.payload).toEqual(SAMPLES[name]);
      expect(message.raw).toEqual(raw);
    },
  );

  it.each(MESSAGE_NAMES)(
    '%s is refused for any one member of a wrong type, with the path to it',
    (name) => {
      expectTypesChecked(name, rawOf(name));
    },
  );

  it.each(MESSAGE_NAMES)('%s takes null only where originals send it', (name) => {
    const nullable = allPlaces(rawOf(name))
      .filter(({ put }) => {
        const payload = put(null);
        return (
          refusal(canonicalJson({ type: messageType(name).type, version: 1, payload })) ===
          undefined
        );
      })
      .map(({ path }) => path.replace(/\d+/, '*'));
    const expected: Readonly<Record<string, readonly string[]>> = {
      DID_CREDENTIAL_PRESENT: ['payload.credential.issued_at', 'payload.credential.expires_at'],
      CLOSE_PROPOSAL: ['payload.owner_id'],
      CORRIDOR_VALUE_BATCH: [
        'payload.corridors.*.source_alias',
        'payload.corridors.*.destination_alias',
      ],
      COVERAGE_ANALYSIS_BATCH: [
        'payload.coverage_entries.*.peer_alias',
        'payload.coverage_entries.*.owner_member',
      ],
    };
    expect(nullable).toEqual(expected[name] ?? []);
  });

  it('needs its members: without a required one it is refused with its path', () => {
    for (const name of MESSAGE_NAMES) {
      const fields = Object.entries(MESSAGE_SHAPES[name].fields);
      for (const [key] of fields.filter(([, field]) => !('optional' in field))) {
        const { [key]: _, ...payload } = rawOf(name);
        const found = refusal(canonicalJson({ type: messageType(name).type, version: 1, payload }));
        expect(found?.path, `${name} without ${key}`).toBe(`payload.${key}`);
      }
    }
  });

  it.each(MESSAGE_NAMES)('%s never throws on any JSON in its place', (name) => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 6 }),
        fc.constantFrom(...allPlaces(rawOf(name))),
        (json, place) => {
          let value: WireValue;
          try {
            value = parseWireJson(json);
          } catch {
            return;
          }
          const payload = place.put(value);
          let text: string;
          try {
            text = canonicalJson({ type: messageType(name).type, version: 1, payload });
          } catch {
            return;
          }
          const found = refusal(text);
          expect(found === undefined || found.code === 'bad_payload').toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('hostile values', () => {
  const gossip = rawOf('GOSSIP');
  const withMember = (key: string, json: string): string =>
    canonicalJson({ type: 32777, version: 1, payload: { ...gossip, [key]: 'REPLACED' } }).replace(
      '"REPLACED"',
      json,
    );

  it('are refused: numbers out of range', () => {
    for (const json of [
      '-1',
      '2100000000000001',
      '18446744073709551616',
      '1.0',
      '1e3',
      '"1"',
      '-0.0',
    ]) {
      expect(refusal(withMember('capacity_sats', json))?.path, json).toBe('payload.capacity_sats');
    }
    for (const json of ['NaN', 'Infinity', '-Infinity', '1e400', '0x10', '01', '+1', '.5']) {
      expect(refusal(withMember('capacity_sats', json))?.code, json).toBe('not_json');
    }
    for (const json of ['-1', '1795250486000', '4102444801', '1795250486.5']) {
      expect(refusal(withMember('timestamp', json))?.path, json).toBe('payload.timestamp');
    }
    expect(refusal(withMember('version', '9007199254740992'))?.path).toBe('payload.version');
    expect(refusal(withMember('fee_policy', '{"max_htlc":18446744073709551615}'))).toBeUndefined();
    expect(refusal(withMember('fee_policy', '{"max_htlc":18446744073709551616}'))?.path).toBe(
      'payload.fee_policy.max_htlc',
    );
  });

  it('are refused: look-alikes of keys, hashes and signatures', () => {
    const [first = '', ...rest] = ALICE;
    const tail = rest.join('');
    for (const lookalike of [
      `\\uff10${tail}`,
      `\\u0660${tail}`,
      `${first}${tail.slice(0, -1)}\\u0430`,
      `${first}${tail.slice(0, -1)}`,
      `${first}${tail}0`,
      ALICE.toUpperCase(),
      `${ALICE} `,
      `${ALICE}\\n`,
      `\\u200b${ALICE}`,
      `04${ALICE.slice(2)}`,
      `0x${ALICE.slice(2)}`,
    ]) {
      for (const key of ['sender_id', 'peer_id']) {
        expect(refusal(withMember(key, `"${lookalike}"`))?.path, lookalike).toBe(`payload.${key}`);
      }
      expect(refusal(withMember('topology', `["${lookalike}"]`))?.path).toBe('payload.topology.0');
    }
    for (const signature of [
      '',
      'y'.repeat(103),
      'y'.repeat(105),
      'Y'.repeat(104),
      'l'.repeat(104),
      `${'y'.repeat(104)}\\n`,
    ]) {
      expect(refusal(withMember('signature', `"${signature}"`))?.path).toBe('payload.signature');
    }
    for (const hash of ['AB'.repeat(32), 'ab'.repeat(31), `${'ab'.repeat(32)}\\n`]) {
      expect(refusal(withMember('state_hash', `"${hash}"`))?.path).toBe('payload.state_hash');
    }
  });

  it('are refused: depth, doubled members, broken text, __proto__ in place of members', () => {
    const nest = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(refusal(withMember('zz', nest(5000)))?.code).toBe('not_json');
    expect(refusal(withMember('zz', nest(40)))?.code).toBe('not_json');
    expect(refusal(withMember('zz', '1,"zz":2'))?.code).toBe('not_json');
    expect(refusal(withMember('zz', '"\\ud800"'))?.code).toBe('not_json');
    const hidden = { type: 32777, version: 1, payload: 'REPLACED' };
    const text = canonicalJson(hidden).replace(
      '"REPLACED"',
      `{"__proto__":${canonicalJson(gossip)}}`,
    );
    expect(refusal(text)?.code).toBe('bad_payload');
    const taken = decodeHiveMessage(
      utf8ToBytes(`HIVE${withMember('__proto__', '{"admin":true}')}`),
    );
    expect(taken.ok && 'admin' in taken.value).toBe(false);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('are refused: too many entries, too long texts', () => {
    const entries = (count: number): string => `[${Array(count).fill(`"${ALICE}"`).join(',')}]`;
    expect(refusal(withMember('topology', entries(900)))).toBeUndefined();
    expect(refusal(withMember('addresses', `[${Array(33).fill('"a:1"').join(',')}]`))?.path).toBe(
      'payload.addresses',
    );
    expect(refusal(withMember('capabilities', `["${'x'.repeat(65)}"]`))?.path).toBe(
      'payload.capabilities.0',
    );
    const bond = { ...rawOf('VIOLATION_REPORT'), evidence: { x: 'y'.repeat(17_000) } };
    const text = canonicalJson({ type: 32901, version: 1, payload: bond });
    expect(refusal(text)?.path).toBe('payload.evidence');
  });

  it('are refused: relays that never end', () => {
    const relay = { msg_id: 'ab', ttl: 3, relay_path: [ALICE], origin: ALICE, origin_ts: 1 };
    const put = (change: WireObject): string =>
      canonicalJson({
        type: 32777,
        version: 1,
        payload: { ...gossip, _relay: { ...relay, ...change } },
      });
    expect(refusal(put({}))).toBeUndefined();
    expect(refusal(put({ ttl: 11 }))?.path).toBe('payload._relay.ttl');
    expect(refusal(put({ ttl: -1 }))?.path).toBe('payload._relay.ttl');
    expect(refusal(put({ relay_path: Array(RELAY_PATH_MAX + 1).fill(ALICE) }))?.path).toBe(
      'payload._relay.relay_path',
    );
    expect(refusal(put({ msg_id: '../../etc' }))?.path).toBe('payload._relay.msg_id');
  });

  it('are refused: ids that would let one signed line be read as two sets of members', () => {
    const ids: readonly (readonly [HiveMessageName, string])[] = [
      ['MSG_ACK', 'ack_msg_id'],
      ['TASK_REQUEST', 'request_id'],
      ['TASK_RESPONSE', 'request_id'],
      ['PHYSARUM_RECOMMENDATION', 'channel_id'],
      ['CLOSE_PROPOSAL', 'channel_id'],
      ['MCF_COMPLETION_REPORT', 'assignment_id'],
    ];
    for (const [name, key] of ids) {
      for (const value of ['a:b', ':', 'a\n', '', 'x'.repeat(300)]) {
        const payload = { ...rawOf(name), [key]: value };
        const found = refusal(canonicalJson({ type: messageType(name).type, version: 1, payload }));
        expect(found?.path, `${name} ${value}`).toBe(`payload.${key}`);
      }
    }
    const payload = {
      ...rawOf('TASK_REQUEST'),
      task_type: 'rebalance',
      task_params: { target: 'a:1' },
    };
    expect(refusal(canonicalJson({ type: 32833, version: 1, payload }))?.path).toBe(
      'payload.task_params.target',
    );
  });

  it('are refused: members that contradict each other', () => {
    const broken: readonly (readonly [HiveMessageName, WireObject, string])[] = [
      ['PROMOTION', { request_id: 'ff' }, 'vouches.0.request_id'],
      ['PROMOTION', { target_pubkey: ALICE }, 'vouches.0.target_pubkey'],
      ['ROUTE_PROBE', { failure_hop: 1 }, 'failure_hop'],
      ['FEE_REPORT', { period_end: 1_795_163_600 }, 'period_end'],
      ['TASK_RESPONSE', { reason: '' }, 'reason'],
      [
        'TASK_REQUEST',
        { task_params: { target: 'x', amount_sats: 1_000_000 } },
        'task_params.target',
      ],
      ['TASK_REQUEST', { task_params: { target: ALICE } }, 'task_params.amount_sats'],
    ];
    for (const [name, change, path] of broken) {
      const payload = { ...rawOf(name), ...change };
      const found = refusal(canonicalJson({ type: messageType(name).type, version: 1, payload }));
      expect(found?.path, `${name} ${path}`).toBe(`payload.${path}`);
    }
    const { signed_psbt: _, txid: __, ...unsigned } = rawOf('SPLICE_SIGNED');
    expect(refusal(canonicalJson({ type: 32843, version: 1, payload: unsigned }))?.path).toBe(
      'payload.signed_psbt',
    );
    for (const [key, value] of [
      ['subject_id', ALICE],
      ['period_end', 1_795_163_600],
      ['expires_at', 1_795_250_000],
    ] as const) {
      const raw = rawOf('DID_CREDENTIAL_PRESENT');
      const payload = {
        ...raw,
        credential: { ...(raw['credential'] as WireObject), [key]: value },
      };
      expect(refusal(canonicalJson({ type: 32883, version: 1, payload }))?.path).toBe(
        `payload.credential.${key}`,
      );
    }
  });
});

describe('frames', () => {
  const bytes = hexToBytes(vectors[0]?.hex ?? '');

  it('cut anywhere are refused', () => {
    for (let end = 0; end < bytes.length; end += 1) {
      const result = decodeHiveMessage(bytes.subarray(0, end));
      expect(result.ok, `${end} bytes`).toBe(false);
      expect(!result.ok && result.error.code).toBe(end < 4 ? 'not_hive' : 'not_json');
    }
  });

  it('with one bit turned are refused or read as something, and never throw', () => {
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const turned = Uint8Array.from(bytes);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeHiveMessage(turned)).not.toThrow();
    }
  });

  it('of random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(decodeHiveMessage(noise).ok).toBe(false);
        expect(decodeHiveMessage(Uint8Array.from([...utf8ToBytes('HIVE'), ...noise])).ok).toBe(
          false,
        );
      }),
    );
  });

  it('of other protocols are told from broken ones', () => {
    expect(isHiveMessage(bytes)).toBe(true);
    const others = ['', 'HIV', 'hive{}', 'HiVE{}', ' HIVE{}', '\u0000\u0001HIVE'];
    for (const other of others) {
      const result = decodeHiveMessage(utf8ToBytes(other));
      expect(!result.ok && result.error.code, other).toBe('not_hive');
    }
  });

  it('are refused for what is wrong with the envelope', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['[]', 'bad_envelope'],
      ['null', 'bad_envelope'],
      ['1', 'bad_envelope'],
      ['{}', 'bad_envelope'],
      ['{"type":32769,"version":1}', 'bad_envelope'],
      ['{"type":"32769","version":1,"payload":{}}', 'bad_envelope'],
      ['{"type":32769.0,"version":1,"payload":{}}', 'bad_envelope'],
      ['{"type":32769,"version":1,"payload":[]}', 'bad_envelope'],
      ['{"__proto__":{"type":32769,"version":1,"payload":{}}}', 'bad_envelope'],
      ['{"type":32769,"payload":{}}', 'bad_version'],
      ['{"type":32769,"version":0,"payload":{}}', 'bad_version'],
      ['{"type":32769,"version":3,"payload":{}}', 'bad_version'],
      ['{"type":32769,"version":"1","payload":{}}', 'bad_version'],
      ['{"type":32769,"version":1.0,"payload":{}}', 'bad_version'],
      ['{"type":32769,"version":1,"payload":{}}', 'bad_payload'],
    ];
    for (const [json, code] of cases) {
      expect(refusal(json)?.code, json).toBe(code);
    }
    const notUtf8 = decodeHiveMessage(Uint8Array.from([...utf8ToBytes('HIVE'), 0xff, 0xfe]));
    expect(!notUtf8.ok && notUtf8.error.code).toBe('not_utf8');
  });

  it('of types that nobody knows are kept as such', () => {
    const result = decodeHiveMessage(
      utf8ToBytes('HIVE{"type":40001,"version":2,"payload":{"a":1.0}}'),
    );
    expect(result).toEqual({
      ok: true,
      value: { kind: 'unknown', type: 40001, version: 2, raw: { a: new JsonFloat(1) } },
    });
  });

  it('have at most 65,535 bytes, both ways', () => {
    const empty = encodeHiveMessage('HELLO', { x: '' }).length;
    const fitting = { x: 'y'.repeat(HIVE_MESSAGE_BYTES_MAX - empty) };
    expect(encodeHiveMessage('HELLO', fitting)).toHaveLength(HIVE_MESSAGE_BYTES_MAX);
    for (const tooMuch of [{ x: `${fitting.x}y` }, { x: 'é'.repeat(11_000) }]) {
      try {
        encodeHiveMessage('HELLO', tooMuch);
        expect.unreachable();
      } catch (error) {
        expect(isCodedError(error, 'hive_message_too_large')).toBe(true);
      }
    }
    const long = utf8ToBytes(`HIVE{"type":40001,"version":1,"payload":{}}${' '.repeat(65_535)}`);
    const result = decodeHiveMessage(long);
    expect(!result.ok && result.error.code).toBe('too_large');
  });

  it('encodePayload refuses what decoding would refuse', () => {
    for (const change of [{ version: -1 }, { capacity_sats: 1.5 }, { timestamp: Number.NaN }]) {
      expect(() => encodePayload('GOSSIP', { ...SAMPLES.GOSSIP, ...change })).toThrow(/expected/);
    }
    expect(() => encodePayload('HELLO', SAMPLES.HELLO, { _envelope_version: 9 })).toThrow(
      /_envelope_version/,
    );
  });
});
