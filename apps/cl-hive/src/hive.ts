import type { NodeId } from '@cl-hive/core';
import { HiveCore, type HiveState } from './hive-core.ts';
import { Ballots } from './membership/ballots.ts';
import { Connector } from './membership/connector.ts';
import { Invitations } from './membership/invitations.ts';
import { Joining } from './membership/joining.ts';
import { Records } from './membership/records.ts';
import { Votes } from './membership/votes.ts';
import type { HivePorts } from './ports/ports.ts';
import { Gossiping } from './state/gossiping.ts';
import { Greeting } from './state/greeting.ts';
import { Syncing } from './state/syncing.ts';

/** What the operator sets; read whenever it is needed. */
export interface HiveSettings {
  /** Whether candidates are let in, and members said HELLO to, by a channel alone. */
  readonly autoJoin: () => boolean;
}

/** The hive as this node runs it: who is in it, what they say, and what goes out. */
export class Hive extends HiveCore {
  readonly joining: Joining;
  readonly votes: Votes;
  readonly greeting: Greeting;
  readonly syncing: Syncing;
  readonly gossiping: Gossiping;
  readonly connector: Connector;
  readonly records: Records;
  readonly settings: HiveSettings;
  readonly invitations: Invitations;
  readonly ballots: Ballots;

  constructor(self: NodeId, ports: HivePorts, settings: HiveSettings, state: HiveState) {
    super(self, ports, state);
    this.settings = settings;
    this.greeting = new Greeting(this);
    this.joining = new Joining(this, this.greeting, settings.autoJoin);
    this.votes = new Votes(this);
    this.syncing = new Syncing(this);
    this.gossiping = new Gossiping(this, this.greeting);
    this.connector = new Connector(this);
    this.records = new Records(this, state.records);
    this.invitations = new Invitations(this, this.joining);
    this.ballots = new Ballots(this);
  }
}
