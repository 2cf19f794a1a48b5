import type { LabCommand } from '../contract/node.ts';
import type { ChannelLife } from './channel-life.ts';
import type { ChannelRegistry } from './channel-registry.ts';
import type { Closer } from './closer.ts';
import type { Connections } from './connections.ts';
import type { EmergencyFiles } from './emergency-files.ts';
import type { LabNode } from './lab-node.ts';
import type { Graphs } from './payments/graph.ts';
import type { Payments } from './payments/payments.ts';
import type { Receiver } from './payments/receiver.ts';
import type { RoutePayments } from './payments/route-payments.ts';
import type { WorldState } from './state.ts';
import type { Treasury } from './treasury.ts';
import type { Waits } from './waits.ts';

/** What the commands of a node work with. */
export interface Services {
  readonly state: WorldState;
  readonly connections: Connections;
  readonly channels: ChannelRegistry;
  readonly life: ChannelLife;
  readonly closer: Closer;
  readonly treasury: Treasury;
  readonly emergency: EmergencyFiles;
  readonly graphs: Graphs;
  readonly payments: Payments;
  readonly routePayments: RoutePayments;
  readonly receiver: Receiver;
  readonly waits: Waits;
}

/** The commands of one family, as one node answers them. */
export type CommandFamily = (services: Services, node: LabNode) => readonly LabCommand[];
