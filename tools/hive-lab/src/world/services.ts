import type { LabCommand } from '../contract/node.ts';
import type { ChannelRegistry } from './channel-registry.ts';
import type { Connections } from './connections.ts';
import type { LabNode } from './lab-node.ts';
import type { WorldState } from './state.ts';
import type { Waits } from './waits.ts';

/** What the commands of a node work with. */
export interface Services {
  readonly state: WorldState;
  readonly connections: Connections;
  readonly channels: ChannelRegistry;
  readonly waits: Waits;
}

/** The commands of one family, as one node answers them. */
export type CommandFamily = (services: Services, node: LabNode) => readonly LabCommand[];
