import { bytesToHex, type JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { isOpen } from '../channel.ts';
import { decodeBackup, openBackup } from '../channel-backup.ts';
import type { LabNode } from '../lab-node.ts';
import { LIGHTNINGD } from '../params.ts';
import type { CommandFamily, Services } from '../services.ts';

/** lightningd's code for a plugin of its own that ended over a call, as its chanbackup does without its file. */
const PLUGIN_ENDED = -4;

/** `staticbackup`, `getemergencyrecoverdata` and `emergencyrecover`. */
export const backupCommands: CommandFamily = (services, node) => [
  { name: 'staticbackup', run: () => ({ scb: services.emergency.channelsOf(node) }) },
  {
    name: 'getemergencyrecoverdata',
    run: (): JsonObject => {
      const { sealed, ids } = stored(services, node);
      return {
        filedata: bytesToHex(sealed),
        can_create_penalty: true,
        backed_up_channel_ids: ids,
      };
    },
  },
  { name: 'emergencyrecover', run: () => recover(services, node) },
];

function stored(
  { emergency }: Services,
  node: LabNode,
): { readonly sealed: Uint8Array; readonly ids: readonly string[] } {
  const sealed = emergency.read(node);
  const plain = sealed === undefined ? undefined : openBackup(node, sealed);
  if (sealed === undefined || plain === undefined) {
    throw new LabRpcError(PLUGIN_ENDED, 'Plugin terminated before replying to RPC call.');
  }
  const ids = decodeBackup(plain);
  if (ids === undefined) {
    throw new LabRpcError(LIGHTNINGD, 'Invalid recovery format');
  }
  return { sealed, ids };
}

/** Channels that the node has stay as they are; that it could have lost others is not emulated. */
function recover(services: Services, node: LabNode): JsonObject {
  const known = services.channels.ofNode(node.id).filter(isOpen);
  const lost = stored(services, node).ids.find(
    (id) => !known.some(({ channelId }) => channelId === id),
  );
  if (lost !== undefined) {
    throw new LabRpcError(
      LIGHTNINGD,
      `hive-lab does not emulate channels that a node has lost: ${lost}`,
    );
  }
  return { stubs: [] };
}
