import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isOpen } from './channel.ts';
import { channelBackup, encodeBackup, sealBackup } from './channel-backup.ts';
import type { ChannelRegistry } from './channel-registry.ts';
import type { LabNode } from './lab-node.ts';
import type { WorldState } from './state.ts';

/** The file of a node that its channels can be recovered from. */
const FILE = 'emergency.recover';

/** Keeps `emergency.recover` in the folders of nodes, as lightningd's chanbackup does. Nodes without a folder have none. */
export class EmergencyFiles {
  readonly #state: WorldState;
  readonly #channels: ChannelRegistry;

  constructor(state: WorldState, channels: ChannelRegistry) {
    this.#state = state;
    this.#channels = channels;
  }

  /** The node's channels as `staticbackup` gives them. */
  channelsOf(node: LabNode): readonly string[] {
    return this.#channels
      .ofNode(node.id)
      .flatMap((channel, index) =>
        isOpen(channel) ? [channelBackup(node, channel, index + 1)] : [],
      );
  }

  /** Makes the file where there is none; one that is there stays. */
  create(node: LabNode): void {
    if (!existsSync(fileOf(node))) {
      this.update(node);
    }
  }

  /** Writes what the node's channels are now. */
  update(node: LabNode): void {
    if (!existsSync(node.spec.lightningDir)) {
      return;
    }
    const plain = encodeBackup(this.channelsOf(node), this.#state.now());
    const draft = path.join(node.spec.lightningDir, 'scb.tmp');
    writeFileSync(draft, sealBackup(node, plain), { mode: 0o400 });
    renameSync(draft, fileOf(node));
  }

  /** The file's bytes; undefined where it is absent. */
  read(node: LabNode): Uint8Array | undefined {
    return existsSync(fileOf(node)) ? readFileSync(fileOf(node)) : undefined;
  }
}

function fileOf(node: LabNode): string {
  return path.join(node.spec.lightningDir, FILE);
}
