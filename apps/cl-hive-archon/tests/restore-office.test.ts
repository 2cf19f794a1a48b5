import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RpcError } from '@cl-hive/cln-rpc';
import type { JsonValue } from '@cl-hive/core';
import { readPlan } from '@cl-hive/runtime/services';
import { VirtualClock } from '@cl-hive/testkit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Copies } from '../src/vault/copies.ts';
import { RestoreOffice, type RestoreOfficeParts } from '../src/vault/restore-office.ts';
import { Turn } from '../src/vault/turn.ts';

// What an archive says is tested where archives are read; here it is what follows from it.
vi.mock('@cl-hive/archon', async (original) => ({
  ...(await original<typeof import('@cl-hive/archon')>()),
  openArchive: async () => ({
    sequence: 1,
    taken_at: 0,
    version: '0.1.0',
    one_moment: 1,
    components: [
      { name: 'cl-hive-comms', database_id: 'comms' },
      { name: 'cl-hive', database_id: 'hive' },
    ],
  }),
}));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'restore-office-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const METHODS: Record<string, string> = {
  'hive-comms-snapshot': 'cl-hive-comms',
  'hive-snapshot': 'cl-hive',
};

/** An office whose siblings answer `suspend` as told: a text is an error, `gone` an unknown method. */
function office(answers: Record<string, string | undefined>) {
  const suspended: string[] = [];
  const raw = async (method: string, params: JsonValue): Promise<JsonValue> => {
    const owner = METHODS[method] ?? '';
    const id = owner === 'cl-hive' ? 'hive' : 'comms';
    if ((params as { action: string }).action === 'prepare') {
      const made = { database_id: id, generation: 1, schema_version: 1 };
      return { owner, ...made, older: false, lost: [], live: {} };
    }
    const answer = answers[owner];
    if (answer !== undefined) {
      throw new RpcError(method, answer === 'gone' ? -32601 : -1, answer);
    }
    suspended.push(owner);
    return { owner, suspended: true };
  };
  const parts = {
    owner: {
      node: '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
      network: 'regtest',
    },
    lightningDir: folder,
    clock: new VirtualClock(1_790_000_000_000),
    log: { warn: () => {} },
    copies: new Copies({ raw } as ConstructorParameters<typeof Copies>[0]),
    keys: { identity: async () => new Uint8Array(32) },
    turn: new Turn(),
    folder: () => ({ file: (name: string) => name }),
    sharedSecret: async () => new Uint8Array(32),
  } as unknown as RestoreOfficeParts;
  return { office: new RestoreOffice(parts), suspended };
}

const WISH = { archive: 'a', components: undefined, key: undefined, useShares: false };

it('I9: decides nothing while a plugin works on, and can be confirmed again', async () => {
  const answers: Record<string, string | undefined> = { 'cl-hive': 'the disk is full' };
  const { office: restoring } = office(answers);
  const { confirm } = await restoring.planRestore(WISH);
  await expect(restoring.confirmRestore(confirm as string, false)).rejects.toMatchObject({
    code: 'vault_plugin',
    data: { plugin: 'cl-hive' },
  });
  expect(readPlan(folder)).toBeUndefined();

  delete answers['cl-hive'];
  expect(await restoring.confirmRestore(confirm as string, false)).toMatchObject({
    confirmed: true,
  });
  expect(readPlan(folder)?.components).toHaveLength(2);
});

it('takes a plugin that is gone for one that stopped', async () => {
  const { office: restoring, suspended } = office({ 'cl-hive': 'gone' });
  const { confirm } = await restoring.planRestore(WISH);
  expect(await restoring.confirmRestore(confirm as string, false)).toMatchObject({
    confirmed: true,
  });
  expect(suspended).toEqual(['cl-hive-comms']);
});
