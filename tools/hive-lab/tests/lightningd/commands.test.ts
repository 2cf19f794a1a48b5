import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@cl-hive/core';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lightningd } from '../../src/lightningd/index.ts';
import { Bench, type NodeOverrides, SECRET_KEY, until } from './harness.ts';

/** The `hsm_secret` of lightningd's own tests: values here are theirs. */
const HSM_SECRET = Buffer.concat([Buffer.from('lightning-1'), Buffer.alloc(21)]);

async function refusal(action: Promise<unknown>): Promise<string> {
  try {
    return `accepted ${JSON.stringify(await action)}`;
  } catch (error) {
    const { code, message } = error as { code: number; message: string };
    return `${code} ${message}`;
  }
}

describe('the datastore', () => {
  let bench: Bench;
  let node: Lightningd;
  const call = async (method: string, params: JsonValue): Promise<JsonObject> =>
    bench.call(node, method, params);
  beforeAll(async () => {
    bench = new Bench();
    node = await bench.start();
  });
  afterAll(async () => bench.close());

  it('writes, appends, replaces and lists', async () => {
    expect(await call('datastore', { key: ['hive', 'lab'], string: 'v' })).toEqual({
      key: ['hive', 'lab'],
      generation: 0,
      hex: '76',
      string: 'v',
    });
    expect(
      await call('datastore', { key: ['hive', 'lab'], hex: 'ff', mode: 'must-append' }),
    ).toEqual({
      key: ['hive', 'lab'],
      generation: 1,
      hex: '76ff',
    });
    await call('datastore', [['hive', 'deep', 1], 'x']);
    expect(await call('listdatastore', { key: 'hive' })).toEqual({
      datastore: [{ key: ['hive', 'deep'] }, { key: ['hive', 'lab'], generation: 1, hex: '76ff' }],
    });
    expect(await call('listdatastore', { key: ['hive', 'lab'] })).toMatchObject({
      datastore: [{ generation: 1 }],
    });
    expect(await call('listdatastore', {})).toEqual({ datastore: [{ key: ['hive'] }] });
    expect(await call('listdatastore', { key: 'nosuch' })).toEqual({ datastore: [] });
    expect(await call('datastoreusage', ['hive'])).toEqual({
      datastoreusage: {
        key: '[hive]',
        total_bytes: 'hive\0lab'.length + 2 + 'hive\0deep\x001'.length + 1,
      },
    });
    expect(await call('deldatastore', { key: ['hive', 'lab'] })).toMatchObject({ generation: 1 });
    expect(await call('datastore', { key: ['hive', 'lab'], string: 'w' })).toMatchObject({
      generation: 0,
    });
  });

  it.each([
    [{ key: ['hive', 'lab'], string: 'v' }, '1202 Key already exists'],
    [{ key: 'none', string: 'v', mode: 'must-replace' }, '1203 Key does not exist'],
    [
      { key: ['hive', 'lab'], string: 'v', mode: 'must-replace', generation: 9 },
      '1204 generation is different',
    ],
    [{ key: ['hive'], string: 'v' }, '1205 Key has children already'],
    [{ key: ['hive', 'lab', 'x'], string: 'v' }, '1206 Parent key [hive,lab] exists'],
    [
      { key: 'k', string: 'v', generation: 1 },
      '-32602 generation only valid with must-replace or must-append',
    ],
    [{ key: 'k', string: 'v', hex: '00' }, '-32602 Cannot have both hex and string'],
    [{ key: 'k' }, '-32602 Must have either hex or string'],
    [{ key: [], string: 'v' }, "-32602 key: should not be empty: invalid token '[]'"],
    [
      { key: 'k', string: '\u0001' },
      `-32602 string: should be a string (without \\u): invalid token '"\\u0001"'`,
    ],
    [{ key: 'k', string: 'v', mode: 'x' }, "-32602 mode: should be 'must-create'"],
  ])('refuses %j', async (params, words) => {
    expect(await refusal(call('datastore', params as JsonObject))).toContain(words);
  });

  it('refuses to delete what is not there, has changed, or is only a parent', async () => {
    expect(await refusal(call('deldatastore', ['none']))).toContain('1200 Key does not exist');
    expect(await refusal(call('deldatastore', ['hive']))).toContain('1200 Key does not exist');
    expect(await refusal(call('deldatastore', [['hive', 'lab'], 7]))).toContain(
      '1201 generation is different',
    );
  });

  it('holds 3 MiB, and dies of 4 without keeping it', async () => {
    const big = await bench.start({ dir: join(bench.dir, 'big') });
    await bench.call(big, 'datastore', { key: 'fits', hex: '00'.repeat(3 * 1024 * 1024) });
    expect(
      await refusal(
        bench.call(big, 'datastore', { key: 'large', hex: '00'.repeat(4 * 1024 * 1024) }),
      ),
    ).toContain('the connection closed');
    expect(big.ended()).toMatchObject({ kind: 'signal', signal: 'SIGSEGV' });
    const again = await bench.start({ dir: join(bench.dir, 'big') });
    const { datastore } = await bench.call(again, 'listdatastore');
    expect((datastore as readonly { key: readonly string[] }[]).map(({ key }) => key)).toEqual([
      ['fits'],
    ]);
  });
});

describe('secrets and signatures', () => {
  let bench: Bench;
  let node: Lightningd;
  const listnodes = {
    name: 'listnodes',
    run: (params: JsonObject) => ({ nodes: params['id'] === node.id ? [{ nodeid: node.id }] : [] }),
  };
  const call = async (method: string, params: JsonValue): Promise<JsonObject> =>
    bench.call(node, method, params);
  beforeAll(async () => {
    bench = new Bench();
    node = await bench.start({ hsmSecret: HSM_SECRET, commands: [listnodes] });
  });
  afterAll(async () => bench.close());

  it('makesecret derives as lightningd does', async () => {
    const secret = 'a9a2e742405c28f059349132923a99337ae7f71168b7485496e3365f5bc664ed';
    expect(await call('makesecret', { string: 'scb secret' })).toEqual({ secret });
    expect(await call('makesecret', { hex: '73636220736563726574' })).toEqual({ secret });
    expect(await call('makesecret', [null, 'scb secret'])).toEqual({ secret });
    expect(await refusal(call('makesecret', {}))).toBe('-32602 Must have either hex or string');
    expect(await refusal(call('makesecret', ['00', 'x']))).toBe(
      '-32602 Cannot have both hex and string',
    );
  });

  it('signs, and checks what it and others signed', async () => {
    const signed = await call('signmessage', { message: 'hive:nonce:00ff' });
    expect(signed).toEqual({
      signature: expect.stringMatching(/^[0-9a-f]{128}$/) as string,
      recid: expect.stringMatching(/^0[01]$/) as string,
      zbase: expect.stringMatching(/^[a-z0-9]{104}$/) as string,
    });
    expect(await call('signmessage', ['hive:nonce:00ff'])).toEqual(signed);
    const { zbase = '' } = signed;
    expect(await call('checkmessage', { message: 'hive:nonce:00ff', zbase })).toEqual({
      pubkey: node.id,
      verified: true,
    });
    expect(
      await call('checkmessage', { message: 'hive:nonce:00ff', zbase, pubkey: node.id }),
    ).toEqual({ pubkey: node.id, verified: true });
    const other = `02${'11'.repeat(32)}`;
    expect(
      await call('checkmessage', { message: 'hive:nonce:00ff', zbase, pubkey: other }),
    ).toEqual({ pubkey: node.id, verified: false });
    const client = await bench.client(node);
    await expect(client.call('checkmessage', { message: 'other', zbase })).rejects.toMatchObject({
      code: 1301,
      message: 'pubkey not found in the graph',
      data: { claimed_key: expect.stringMatching(/^0[23]/) as string },
    });
  });

  it('checks a signature of a real lightningd', async () => {
    expect(
      await call('checkmessage', {
        message: 'hive:nonce:00ff',
        zbase:
          'rya9h6y66e9736w7y4tocsjkxn4ifz7953z7ibfikg9q9r3dpk9mayqedhykemkseb5soy79uxejwscj1fzc398p1u6kj3g4fkesxqfa',
        pubkey: '02ad3c244b9c7af0ccd7e565208462683b191b100d30e7664e3bf2e1f77a40979b',
      }),
    ).toEqual({
      pubkey: '02121e588113a2f8353fa5765d51e8c9f7f429d7cbe5c1115783d153cd18b800fc',
      verified: false,
    });
  });

  it('signs the text of the request as it stands there, escapes included', async () => {
    const client = await bench.client(node);
    const { zbase = '' } = await client.call('signmessage', { message: 'a"b' });
    client.write(
      `{"jsonrpc":"2.0","id":"u","method":"checkmessage","params":{"message":"a\\u0022b","zbase":${JSON.stringify(zbase)},"pubkey":"${node.id}"}}`,
    );
    expect(await client.answer('u')).toMatchObject({ result: { verified: false } });
    expect(
      await client.call('checkmessage', { message: 'a"b', zbase, pubkey: node.id }),
    ).toMatchObject({ verified: true });
  });

  it.each([
    [{ message: 'x', zbase: 'zzzz' }, '-32602 zbase is not valid zbase32'],
    [{ message: 'x', zbase: 'yyyyyyyy' }, '-32602 zbase is too short'],
    [{ message: 'x', zbase: 'y'.repeat(112) }, '-32602 zbase is too long'],
    [{ message: 'x', zbase: 'y'.repeat(104) }, '-32602 cannot parse zbase signature'],
    [
      { message: 'x', zbase: 'yyyyyyyy', pubkey: 'x' },
      '-32602 pubkey: should be a compressed pubkey',
    ],
  ])('checkmessage refuses %j', async (params, words) => {
    expect(await refusal(call('checkmessage', params))).toContain(words);
  });

  it('refuses to sign 64 KiB', async () => {
    expect(await refusal(call('signmessage', ['x'.repeat(65_536)]))).toBe(
      '-32602 Message must be < 64k',
    );
    expect(await call('signmessage', ['x'.repeat(65_535)])).toHaveProperty('zbase');
  });
});

describe('runes', () => {
  let bench: Bench;
  const clock = new VirtualClock(1_700_000_000_000);
  const overrides: NodeOverrides = { hsmSecret: HSM_SECRET, clock };
  let node: Lightningd;
  const call = async (method: string, params: JsonValue): Promise<JsonObject> =>
    bench.call(node, method, params);
  beforeAll(async () => {
    bench = new Bench();
    node = await bench.start(overrides);
  });
  afterAll(async () => bench.close());

  it('are made, shown, checked, blacklisted, and survive a restart', async () => {
    // From lightningd's own tests of v23.05.
    expect(await call('createrune', {})).toEqual({
      rune: 'OSqc7ixY6F-gjcigBfxtzKUI54uzgFSA6YfBQoWGDV89MA==',
      unique_id: '0',
      warning_unrestricted_rune: expect.stringContaining(
        'WARNING: This rune has no restrictions!',
      ) as string,
    });
    const readonly =
      'zm0x_eLgHexaTvZn3Cz7gb_YlvrlYGDo_w4BYlR9SS09MSZtZXRob2RebGlzdHxtZXRob2ReZ2V0fG1ldGhvZD1zdW1tYXJ5Jm1ldGhvZC9saXN0ZGF0YXN0b3Jl';
    expect(await call('createrune', { restrictions: 'readonly' })).toEqual({
      rune: readonly,
      unique_id: '1',
    });
    expect(await call('checkrune', { rune: readonly, method: 'listpeers' })).toEqual({
      valid: true,
    });
    expect(await refusal(call('checkrune', { rune: readonly, method: 'pay', params: {} }))).toBe(
      '1502 Not permitted: method does not start with list AND method does not start with get AND method is not equal to summary',
    );
    expect(await refusal(call('checkrune', { rune: readonly, method: 'listdatastore' }))).toBe(
      '1502 Not permitted: method is equal to listdatastore',
    );
    expect(await refusal(call('checkrune', { rune: readonly, method: 'hive-status' }))).toContain(
      '1502',
    );
    const { runes } = await call('showrunes', { rune: readonly });
    expect(runes).toEqual([
      {
        rune: readonly,
        last_used: 1_700_000_000,
        unique_id: '1',
        restrictions: [
          {
            alternatives: [
              {
                fieldname: 'method',
                value: 'list',
                condition: '^',
                english: 'method starts with list',
              },
              {
                fieldname: 'method',
                value: 'get',
                condition: '^',
                english: 'method starts with get',
              },
              {
                fieldname: 'method',
                value: 'summary',
                condition: '=',
                english: 'method equal to summary',
              },
            ],
            english: 'method starts with list OR method starts with get OR method equal to summary',
          },
          {
            alternatives: [
              {
                fieldname: 'method',
                value: 'listdatastore',
                condition: '/',
                english: 'method unequal to listdatastore',
              },
            ],
            english: 'method unequal to listdatastore',
          },
        ],
        restrictions_as_english:
          'method starts with list OR method starts with get OR method equal to summary AND method unequal to listdatastore',
      },
    ]);
    expect(await call('blacklistrune', [1, 3])).toEqual({ blacklist: [{ start: 1, end: 3 }] });
    expect(await refusal(call('checkrune', { rune: readonly, method: 'listpeers' }))).toBe(
      '1503 Not authorized: Blacklisted rune',
    );
    await node.stop();
    node = await bench.start(overrides);
    expect(await call('blacklistrune', {})).toEqual({ blacklist: [{ start: 1, end: 3 }] });
    expect(await call('blacklistrune', { start: 2, relist: true })).toEqual({
      blacklist: [
        { start: 1, end: 1 },
        { start: 3, end: 3 },
      ],
    });
    await call('blacklistrune', { start: 1, end: 3, relist: true });
    expect(await call('checkrune', { rune: readonly, method: 'listpeers' })).toEqual({
      valid: true,
    });
    expect((await call('showrunes', {}))['runes']).toHaveLength(2);
    expect(await call('createrune', [])).toMatchObject({ unique_id: '2' });
  });

  it('with a rate are used up by being checked', async () => {
    const { rune = '' } = await call('createrune', { restrictions: [['rate=2']] });
    const check = async (): Promise<string> =>
      refusal(call('checkrune', { rune, method: 'getinfo' }));
    expect(await check()).toContain('valid');
    expect(await check()).toBe('1502 Not permitted: too soon');
    clock.advance(30_000);
    expect(await check()).toContain('valid');
  });

  it('of others are not authorised', async () => {
    const other = await bench.start({ dir: join(bench.dir, 'other') });
    const { rune = '' } = await bench.call(other, 'createrune', []);
    expect(await refusal(call('checkrune', { rune, method: 'getinfo' }))).toBe(
      '1501 Not authorized: Not derived from master',
    );
    expect(await call('showrunes', { rune })).toMatchObject({
      runes: [{ our_rune: false, stored: false }],
    });
  });

  it.each([
    [
      'checkrune',
      { rune: 'bm90YXJ1bmU=', method: 'pay' },
      `-32602 rune: should be base64 string: invalid token '"bm90YXJ1bmU="'`,
    ],
    ['checkrune', {}, '-32602 missing required parameter: rune'],
    [
      'createrune',
      { restrictions: 'x' },
      '-32602 restrictions: not a valid restriction (should be array)',
    ],
    [
      'createrune',
      { restrictions: ['method=x'] },
      '-32602 restrictions: not a valid restriction (should be array)',
    ],
    [
      'createrune',
      { restrictions: [['nocondition']] },
      '-32602 restrictions: not a valid restriction (should be array)',
    ],
    [
      'createrune',
      { restrictions: [['=5']] },
      '-32602 restrictions: not a valid restriction (should be array)',
    ],
    ['blacklistrune', { end: 1 }, '-32602 Can not specify end without start'],
    ['blacklistrune', [1, 100_000_000], '-32602 Cannot blacklist beyond 100000000'],
  ] as const)('%s refuses %j', async (method, params, words) => {
    expect(await refusal(call(method, params as JsonValue))).toContain(words);
  });
});

describe('options while a node runs', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(async () => bench.close());

  const manifest = {
    rpcmethods: [{ name: 'told', usage: '' }],
    options: [
      { name: 'd-text', type: 'string', default: 'x', dynamic: true, description: '' },
      { name: 'd-int', type: 'int', default: 7, dynamic: true, description: '' },
      { name: 'd-multi', type: 'string', multi: true, dynamic: true, description: '' },
      { name: 'd-flag', type: 'flag', dynamic: true, description: '' },
      { name: 'd-secret', type: 'string-conceal', default: 'pw', description: '' },
    ],
  };
  const source = {
    manifest,
    setup: 'const told = [];',
    onRequest: `if (request.method === 'told') reply({ told });
      else if (request.params.val === 'bad') fail(-32602, 'not bad');
      else if (request.params.val === 'worse') send({ id: request.id, error: 7 });
      else { told.push([request.method, request.params]); reply({}); }`,
  };
  const start = async (): Promise<{ node: Lightningd; path: string }> => {
    const path = bench.plugin('dynamic.js', source);
    return { path, node: await bench.start({ plugins: [{ path }] }) };
  };

  it('are told to the plugin as texts, stored, and hold after a restart', async () => {
    const { node, path } = await start();
    const stored = join(node.lightningDir, 'config.setconfig');
    expect(await bench.call(node, 'setconfig', ['d-text', 'y'])).toEqual({
      config: {
        config: 'd-text',
        value_str: 'y',
        source: `${stored}:2`,
        plugin: path,
        dynamic: true,
      },
    });
    expect(await bench.call(node, 'setconfig', { config: 'd-int', val: 42 })).toMatchObject({
      config: { value_int: 42, source: `${stored}:3` },
    });
    expect(await bench.call(node, 'setconfig', ['d-flag'])).toMatchObject({
      config: { set: true },
    });
    expect(
      await bench.call(node, 'setconfig', { config: 'd-multi', val: ['a', 'b'] }),
    ).toMatchObject({
      config: { values_str: ['a', 'b'], sources: [`${stored}:5`, `${stored}:6`] },
    });
    expect(await bench.call(node, 'setconfig', ['d-text', 'z'])).toMatchObject({
      config: { value_str: 'z', source: `${stored}:2` },
    });
    expect(await bench.call(node, 'told')).toEqual({
      told: [
        ['setconfig', { config: 'd-text', val: 'y' }],
        ['setconfig', { config: 'd-int', val: '42' }],
        ['setconfig', { config: 'd-flag' }],
        ['setconfig', { config: 'd-multi', val: ['a', 'b'] }],
        ['setconfig', { config: 'd-text', val: 'z' }],
      ],
    });
    await node.stop();
    const again = await bench.start({ plugins: [{ path }] });
    expect(await bench.call(again, 'listconfigs', ['d-text'])).toEqual({
      configs: { 'd-text': { value_str: 'z', source: `${stored}:2`, plugin: path, dynamic: true } },
    });
    expect(await bench.call(again, 'listconfigs', ['d-multi'])).toMatchObject({
      configs: { 'd-multi': { values_str: ['a', 'b'] } },
    });
    expect(await bench.call(again, 'listconfigs', ['d-flag'])).toMatchObject({
      configs: { 'd-flag': { set: true } },
    });
  });

  it('that are transient are not stored', async () => {
    const { node, path } = await start();
    expect(
      await bench.call(node, 'setconfig', { config: 'd-text', val: 't', transient: true }),
    ).toMatchObject({
      config: { value_str: 't', source: 'setconfig transient' },
    });
    await node.stop();
    const again = await bench.start({ plugins: [{ path }] });
    expect(await bench.call(again, 'listconfigs', ['d-text'])).toMatchObject({
      configs: { 'd-text': { value_str: 'x', source: 'default' } },
    });
  });

  it('of several values are wiped when given by position', async () => {
    const { node } = await start();
    await bench.call(node, 'setconfig', { config: 'd-multi', val: ['a'] });
    expect(await bench.call(node, 'setconfig', ['d-multi', ['b']])).toMatchObject({
      config: { values_str: [] },
    });
    const { told } = await bench.call(node, 'told');
    expect(told).toEqual([
      ['setconfig', { config: 'd-multi', val: ['a'] }],
      ['setconfig', { config: 'd-multi', val: [] }],
    ]);
  });

  it('are refused with the words of the plugin or of lightningd', async () => {
    const { node } = await start();
    const set = async (params: JsonValue): Promise<string> =>
      refusal(bench.call(node, 'setconfig', params));
    expect(await set(['d-text', 'bad'])).toBe('-32602 not bad');
    expect(await set(['d-text', 'worse'])).toBe('-1 Malformed setvalue d-text plugin return');
    expect(await set(['d-secret', 'x'])).toContain(
      `-32602 config: Not a dynamic config option: invalid token '"d-secret"'`,
    );
    expect(await set(['nosuch', 'x'])).toContain(
      `-32602 config: Unknown config option: invalid token '"nosuch"'`,
    );
    expect(await set(['d-text'])).toBe('-32602 d-text requires a value');
    expect(await set(['d-flag', 'x'])).toBe('-32602 d-flag does not take a value');
    expect(await set({ config: 'd-multi', val: 'x' })).toBe(
      '-32602 d-multi is a multi option: val must be an array',
    );
    expect(await set({ config: 'd-text', val: ['x'] })).toBe(
      '-32602 d-text is not a multi option: val must not be an array',
    );
    expect(await set(['min-capacity-sat', 'x'])).toBe(
      `-32602 Error setting min-capacity-sat: 'x' is not a number`,
    );
    expect(await bench.call(node, 'listconfigs', ['d-text'])).toMatchObject({
      configs: { 'd-text': { source: 'default' } },
    });
    expect(await bench.call(node, 'check', ['setconfig', 'd-text', 'bad'])).toEqual({
      command_to_check: 'setconfig',
    });
  });

  it('of lightningd itself are set too', async () => {
    const { node } = await start();
    expect(await bench.call(node, 'setconfig', ['min-capacity-sat', 500])).toMatchObject({
      config: { config: 'min-capacity-sat', value_int: 500, dynamic: true },
    });
  });

  it('are refused when somebody edited the file meanwhile', async () => {
    const { node } = await start();
    await bench.call(node, 'setconfig', ['d-text', 'y']);
    const file = join(node.lightningDir, 'config.setconfig');
    writeFileSync(file, readFileSync(file, 'utf8').replace('d-text=y', 'd-text=other'));
    expect(await refusal(bench.call(node, 'setconfig', ['d-text', 'z']))).toContain(
      'line 2 changed from d-text=y to d-text=other!',
    );
  });

  it('that are garbage end the node, for good until the line is removed', async () => {
    const { node, path } = await start();
    const client = await bench.client(node);
    client.send('setconfig', ['d-int', 'notanint']);
    await client.closed();
    expect(await until(() => node.ended())).toEqual({
      kind: 'exit',
      code: 1,
      reason: 'Bad literal for --d-int: notanint',
    });
    const file = join(node.lightningDir, 'config.setconfig');
    await expect(bench.start({ plugins: [{ path }] })).rejects.toMatchObject({
      data: {
        end: {
          kind: 'exit',
          code: 1,
          reason: `${file} line 2: d-int=notanint: 'notanint' is not a number`,
        },
      },
    });
    writeFileSync(file, readFileSync(file, 'utf8').replace('d-int=notanint\n', ''));
    const again = await bench.start({ plugins: [{ path }] });
    expect(again.ended()).toBeUndefined();
  });

  it('in a file of the operator count, unknown ones abort the boot', async () => {
    const { node, path } = await start();
    await node.stop();
    appendFileSync(join(node.lightningDir, 'config'), '# mine\nd-text=file\n');
    const again = await bench.start({ plugins: [{ path }] });
    expect(await bench.call(again, 'listconfigs', ['d-text'])).toMatchObject({
      configs: {
        'd-text': { value_str: 'file', source: `${join(node.lightningDir, 'config')}:2` },
      },
    });
    await again.stop();
    appendFileSync(join(node.lightningDir, 'config'), 'no-such=1\n');
    await expect(bench.start({ plugins: [{ path }] })).rejects.toMatchObject({
      data: { end: { reason: expect.stringContaining('unrecognized option') as string } },
    });
  });

  it('are all listed', async () => {
    const { node, path } = await start();
    const { configs } = await bench.call(node, 'listconfigs');
    expect(configs).toMatchObject({
      alias: { value_str: 'bench', source: 'cmdline' },
      network: { value_str: 'regtest', source: 'cmdline' },
      plugin: { values_str: [path], sources: ['cmdline'] },
      rgb: { value_str: node.id.slice(0, 6), source: 'default' },
      'd-secret': { value_str: '...', source: 'default', plugin: path },
      'd-multi': { values_str: [], sources: [], dynamic: true },
      'autoclean-cycle': { value_int: 3600, dynamic: true },
    });
    expect(configs).not.toHaveProperty('dev-force-privkey');
  });
});

describe('getlog', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(async () => bench.close());

  it('shows the kept part of the log, by level', async () => {
    const node = await bench.start();
    node.shell.log('trace', 'lightningd', 'fine');
    node.shell.log('broken', 'hsmd', 'bad');
    const log = (await bench.call(node, 'getlog'))['log'] as readonly JsonObject[];
    expect(log).toContainEqual({
      type: 'BROKEN',
      time: expect.stringMatching(/^\d+\.\d{9}$/) as string,
      source: 'hsmd',
      log: 'bad',
    });
    expect(log.some(({ log: text }) => text === 'fine')).toBe(false);
    const all = (await bench.call(node, 'getlog', ['io']))['log'] as readonly JsonObject[];
    expect(all.some(({ log: text }) => text === 'fine')).toBe(true);
    expect(await refusal(bench.call(node, 'getlog', ['loud']))).toContain(
      "-32602 level: should be 'io'",
    );
    for (let i = 0; i < 3000; i += 1) {
      node.shell.log('info', 'lightningd', 'x'.repeat(1000));
    }
    const pruned = await bench.call(node, 'getlog');
    expect(Number(pruned['bytes_used'])).toBeLessThanOrEqual(Number(pruned['bytes_max']));
    expect((pruned['log'] as readonly JsonObject[])[0]).toMatchObject({ type: 'SKIPPED' });
  });
});

it('the id of a node is that of its key', async () => {
  const bench = new Bench();
  const node = await bench.start();
  expect(SECRET_KEY).toHaveLength(32);
  expect(node.id).toBe('02989c0b76cb563971fdc9bef31ec06c3560f3249d6ee9e5d83c57625596e05f6f');
  await bench.close();
});
