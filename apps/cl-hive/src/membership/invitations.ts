import { bytesToHex, CodedError, isCodedError, type JsonObject, type NodeId } from '@cl-hive/core';
import {
  type InviteTicket,
  receivedTicket,
  ticketId,
  ticketSecretHash,
  ticketText,
  writeTicket,
} from '@cl-hive/hive';
import type { HiveCore } from '../hive-core.ts';
import type { Joining } from './joining.ts';
import { refusal } from './refusals.ts';

const HOUR_SECONDS = 3600;

/** What a person does to found a hive, invite to it, and join one. */
export class Invitations {
  readonly #hive: HiveCore;
  readonly #joining: Joining;

  constructor(hive: HiveCore, joining: Joining) {
    this.#hive = hive;
    this.#joining = joining;
  }

  /** Founds a hive of this node alone. */
  async genesis(name: string | undefined): Promise<JsonObject> {
    const { line, membership, ports, self } = this.#hive;
    const hiveId = name ?? `hive_${bytesToHex(ports.random.bytes(8))}`;
    const { refused } = await line.run((turn) =>
      membership.apply(turn, { kind: 'genesis', hiveId }),
    );
    if (refused !== undefined) {
      return refusal(refused);
    }
    const { ticket, text } = await this.#ticket(365 * 24, 0);
    await this.#keep(ticket);
    return {
      status: 'genesis_complete',
      hive_id: hiveId,
      admin_pubkey: self,
      genesis_ticket: text,
    };
  }

  /** Makes a ticket; with `peer` that node is also let in without showing one, as originals come. */
  async invite(
    hours: number,
    requirements: number,
    tier: 'neophyte' | 'member',
    peer: NodeId | undefined,
  ): Promise<JsonObject> {
    const { membership, self, line } = this.#hive;
    if (membership.view().hiveId === undefined) {
      return refusal('not_in_hive');
    }
    if (!membership.isVoting(self)) {
      return refusal('not_a_member', { required_tier: 'member' });
    }
    if (tier === 'member') {
      return refusal('tier_by_vouches');
    }
    const { ticket, text } = await this.#ticket(hours, requirements);
    const refused = await this.#keep(ticket);
    if (refused !== undefined) {
      return refusal(refused);
    }
    if (peer !== undefined) {
      const admitted = await line.run((turn) => {
        const expiresAt = turn.now + hours * HOUR_SECONDS * 1000;
        return membership.apply(turn, { kind: 'admit', peer, expiresAt });
      });
      if (admitted.refused !== undefined) {
        return refusal(admitted.refused);
      }
    }
    return {
      status: 'ticket_generated',
      ticket: text,
      valid_hours: hours,
      initial_tier: 'neophyte',
      ...(peer === undefined ? {} : { admitted_peer: peer }),
      instructions: 'Give this ticket to the candidate; it runs: hive-join -k ticket=<ticket>',
    };
  }

  /** Says HELLO to the member that issued a ticket. */
  async join(text: string, peer: NodeId | undefined): Promise<JsonObject> {
    const { membership, line, self, time, ports } = this.#hive;
    let ticket: InviteTicket;
    try {
      ticket = receivedTicket(text, self, time.wallSeconds());
    } catch (error) {
      if (isCodedError(error)) {
        return { error: error.code, message: error.message, remedy: error.remedy ?? '' };
      }
      throw error;
    }
    if (membership.view().hiveId !== undefined) {
      return refusal('already_in_hive', { hive_id: membership.view().hiveId ?? null });
    }
    const target = peer ?? ticket.issuer;
    const connected = await ports.node.connected();
    if (!connected.has(target)) {
      return refusal('not_connected', { peer_id: target });
    }
    if (!(await ports.node.hasChannel(target))) {
      return refusal('no_channel', { peer_id: target });
    }
    this.#joining.showTicket(text.replace(/\s/g, ''));
    const { hiveId } = ticket;
    const { refused } = await line.run((turn) =>
      membership.apply(turn, { kind: 'join', peer: target, hiveId }),
    );
    return refused === undefined
      ? {
          status: 'join_requested',
          target_peer: target,
          hive_id: hiveId,
          message: 'HELLO sent. hive-status says when the hive has let this node in.',
        }
      : refusal(refused);
  }

  async #ticket(
    hours: number,
    requirements: number,
  ): Promise<{ readonly ticket: InviteTicket; readonly text: string }> {
    const { membership, self, time, ports } = this.#hive;
    const issuedAt = time.wallSeconds();
    const { hiveId } = membership.view();
    if (hiveId === undefined) {
      throw new CodedError('not_in_hive', 'this node is in no hive');
    }
    const unsigned = {
      issuer: self,
      hiveId,
      requirements,
      issuedAt,
      expiresAt: issuedAt + hours * HOUR_SECONDS,
    };
    const signature = await ports.signer.sign(ticketText(unsigned));
    const ticket = { ...unsigned, signature };
    return { ticket, text: writeTicket(ticket) };
  }

  async #keep(ticket: InviteTicket) {
    const { membership, line } = this.#hive;
    const { refused } = await line.run((turn) =>
      membership.apply(turn, {
        kind: 'invite',
        ticketId: ticketId(ticket),
        secretHash: ticketSecretHash(ticket),
        expiresAt: turn.now + (ticket.expiresAt - ticket.issuedAt) * 1000,
      }),
    );
    return refused;
  }
}
