import { readFileSync } from 'node:fs';
import type { JsonObject, JsonValue } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { LabRpcError } from '../../src/contract/node.ts';
import { fundedLab, openChannel } from './lab.ts';

const SCHEMAS = new URL('../../../../packages/cln-rpc/schemas/rpc/', import.meta.url);

/** One value of every kind that a parameter must not be taken aback by. */
const ODD: readonly JsonValue[] = [
  null,
  true,
  -1,
  1.5,
  0,
  (1n << 64n) + 1n,
  '',
  'x',
  '0'.repeat(66),
  '1x1x1',
  '99999999999999999999',
  'é\u0000',
  'lno1qqqq',
  'lni1zzzz',
  'lnbcrt1',
  [],
  [null],
  [{}],
  [[{ id: 1 }]],
  {},
  { id: null },
];

function parametersOf(method: string): string[] {
  const file = new URL(`${method}.request.json`, SCHEMAS);
  const schema = JSON.parse(readFileSync(file, 'utf8')) as { properties?: object };
  return Object.keys(schema.properties ?? {});
}

describe('every command of the world', async () => {
  const lab = fundedLab(2);
  await openChannel(lab, 1, 2, 1_000_000);
  const node = lab.node(1);
  const good: Readonly<Record<string, JsonValue>> = {
    id: lab.node(2).id,
    node_id: lab.node(2).id,
    source: node.id,
    destination: lab.node(2).id,
    amount_msat: 1000,
    maxfee_msat: 1000,
    final_cltv: 18,
    layers: [],
    style: 'perkw',
    msg: '8001',
    label: 'l',
    description: 'd',
    status: 'paid',
    subsystem: 'invoices',
    indexname: 'created',
    nextvalue: 0,
  };
  const call = async (method: string, params: JsonObject): Promise<void> => {
    try {
      await node.call(method, params, AbortSignal.abort());
    } catch (error) {
      // An error of the command's own, and with a code and a text: anything else is a fault of ours.
      expect(error, `${method} ${String(error)}`).toBeInstanceOf(LabRpcError);
    }
  };

  it.each(node.world.commands.map(({ name }) => name))(
    '%s stands any value in any parameter',
    async (method) => {
      const names = parametersOf(method);
      const base = Object.fromEntries(
        names.flatMap((name) => (name in good ? [[name, good[name] ?? null]] : [])),
      );
      await call(method, {});
      for (const name of names) {
        for (const value of ODD) {
          await call(method, { ...base, [name]: value });
        }
      }
    },
  );

  it('leaves every msat where it was, or with the peer', async () => {
    const rows = await Promise.all(
      lab.nodes.map(
        async (one) => (await one.call('listpeerchannels'))['channels'] as JsonObject[],
      ),
    );
    const byChannel = new Map<JsonValue | undefined, bigint>();
    for (const row of rows.flat()) {
      const id = row['channel_id'];
      byChannel.set(id, (byChannel.get(id) ?? 0n) + (row['to_us_msat'] as bigint));
      expect(row['to_us_msat']).toBeGreaterThanOrEqual(0n);
    }
    for (const row of rows.flat()) {
      expect(byChannel.get(row['channel_id'])).toBe(row['total_msat']);
    }
  });
});
