import { createHash } from 'node:crypto';
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { emergencyrecover, staticbackup } from '@cl-hive/cln-rpc';
import { isJsonObject, type JsonObject } from '@cl-hive/core';
import { isUnknownCommand } from '@cl-hive/runtime/node';
import {
  type ActionContext,
  absent,
  done,
  type EffectAction,
  fail,
  go,
  reads,
  type SchemaActions,
  there,
} from '../action.ts';
import { loadChannels } from '../channel-view.ts';
import { ASK_MS, BACKUP_BYTES_MAX, PEER_MS, SETTLE_MS } from '../limits.ts';
import { optionalText } from '../params.ts';

/** The file in which lightningd keeps what it needs to get channels closed by their peers. */
const FILE = 'emergency.recover';

/** The file that a parameter names; undefined where it is none of the node's folder of that kind. */
async function backupFile(
  { configuration: { lightningDir } }: ActionContext,
  params: JsonObject,
): Promise<string | undefined> {
  const named = optionalText(params, 'backup_path') ?? FILE;
  const folder = await realpath(lightningDir);
  const file = await realpath(path.resolve(folder, named)).catch(() => undefined);
  const fits = file?.startsWith(folder + path.sep) === true && file.endsWith('.recover');
  return fits ? file : undefined;
}

async function readBackup(
  file: string,
): Promise<{ readonly bytes: Buffer; readonly modified: Date } | undefined> {
  const handle = await open(file, 'r');
  try {
    const { size, mtime } = await handle.stat();
    return size > BACKUP_BYTES_MAX
      ? undefined
      : { bytes: await handle.readFile(), modified: mtime };
  } finally {
    await handle.close();
  }
}

/** What lightningd says about its file, of which later releases say more; null where it says nothing. */
async function recoverData({ rpc }: ActionContext): Promise<JsonObject | null> {
  try {
    const answer = await rpc.raw('getemergencyrecoverdata', {}, { timeoutMs: ASK_MS });
    return isJsonObject(answer) ? answer : {};
  } catch (error) {
    if (isUnknownCommand(error)) {
      return null;
    }
    throw error;
  }
}

/** Whether a file holds what lightningd would write now; null where it cannot tell. */
async function isCurrent(context: ActionContext, bytes: Buffer): Promise<boolean | null> {
  const data = await recoverData(context);
  return data === null ? null : data['filedata'] === bytes.toString('hex');
}

/** Whether lightningd says that its file holds no channel. */
async function isEmpty(context: ActionContext): Promise<boolean> {
  const ids = (await recoverData(context))?.['backed_up_channel_ids'];
  return Array.isArray(ids) && ids.length === 0;
}

const NO_FILE = `it is no *.recover file in the folder of the node, where lightningd keeps ${FILE}`;

const verifyBackup = reads(async (context, { params }) => {
  const file = await backupFile(context, params);
  const backup = file === undefined ? undefined : await readBackup(file);
  if (file === undefined || backup === undefined) {
    return { valid: false, reason: NO_FILE };
  }
  const current = await isCurrent(context, backup.bytes);
  return {
    valid: backup.bytes.length > 0,
    file: path.basename(file),
    bytes: backup.bytes.length,
    sha256: createHash('sha256').update(backup.bytes).digest('hex'),
    modified_at: Math.floor(backup.modified.getTime() / 1000),
    current,
    channels: (await loadChannels(context.rpc)).all.length,
  };
});

/**
 * lightningd restores from its own file only, by asking every peer in it to close. On a node that has
 * channels it would end them.
 */
const restore: EffectAction = {
  kind: 'effect',
  settleMs: SETTLE_MS.peer,
  facts: async ({ rpc }) => (await loadChannels(rpc)).facts([]),
  state: async ({ rpc }) => ({
    channels: (await loadChannels(rpc)).all.map(({ id, row }) => ({ id, state: row.state })),
  }),
  plan: async (context, { params }) => {
    const file = await backupFile(context, params);
    if (file === undefined || path.basename(file) !== FILE) {
      const message = `lightningd restores from ${FILE} in its own folder only`;
      return { kind: 'unsupported', message };
    }
    const { all } = await loadChannels(context.rpc);
    if (all.length > 0) {
      return fail(`the node has ${all.length} channels, which a restore would end`);
    }
    return (await isEmpty(context))
      ? fail(`${FILE} holds no channels: there is nothing to restore`)
      : go();
  },
  perform: async ({ rpc }) => {
    const { stubs } = await rpc.call(emergencyrecover, {}, { timeoutMs: PEER_MS });
    return done({ stubs: [...stubs] });
  },
  look: async ({ rpc }) => {
    const { all } = await loadChannels(rpc);
    return all.length > 0
      ? there({ stubs: all.map(({ id }) => id) })
      : absent('no channel was restored');
  },
};

/** `hive:backup/v1`. */
export const backupActions: SchemaActions = {
  export_scb: reads(async ({ rpc }) => {
    const { scb } = await rpc.call(staticbackup, {}, { timeoutMs: ASK_MS });
    return { scb: [...scb] };
  }),
  verify_backup: verifyBackup,
  restore,
};
