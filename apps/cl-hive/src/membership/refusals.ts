import type { JsonObject } from '@cl-hive/core';
import type { MembershipRefusal } from '@cl-hive/hive';

/** Why a request of a person was not carried out, beyond what membership itself refuses. */
export type ActRefusal =
  | MembershipRefusal
  | 'last_member'
  | 'already_vouched'
  | 'already_voted'
  | 'peer_not_neophyte'
  | 'proposal_exists'
  | 'no_request'
  | 'tier_by_vouches'
  | 'not_connected'
  | 'version_too_low';

const SENTENCES: Readonly<Record<ActRefusal, readonly [message: string, remedy: string]>> = {
  already_in_hive: ['this node is in a hive already', 'hive-leave first, or go on with this one'],
  not_in_hive: [
    'this node is in no hive',
    'found one with hive-genesis, or hive-join with a ticket',
  ],
  banned: ['the node is banned from this hive', 'a ban holds for good'],
  full: ['the hive has as many members as it may', 'wait until somebody leaves'],
  no_channel: ['there is no channel with the node', 'open one: it is what a member stakes'],
  bad_ticket: ['no ticket of this node was shown', 'make one with hive-invite'],
  ticket_expired: ['the ticket has expired', 'ask for a new one'],
  ticket_used: ['another node used the ticket', 'ask for a new one'],
  unsolicited: ['nobody asked for this', 'begin with hive-join'],
  challenge_expired: ['the challenge was answered too late', 'hive-join once more'],
  wrong_nonce: ['another challenge was answered', 'hive-join once more'],
  bad_signature: ['a signature does not hold', 'look whether both nodes run as they should'],
  wrong_hive: ['it is of another hive', 'ask a member of the right one'],
  not_a_member: ['only members may do this, with members', 'see hive-members for who is one'],
  not_in_electorate: ['this node had no vote when it began', 'wait for the next proposal'],
  unknown_proposal: ['there is no such proposal', 'see hive-pending-bans, hive-pending-promotions'],
  closed: ['the vote is closed', 'propose it once more'],
  bound_reached: ['there is no room for more of these', 'wait until older ones end'],
  departed: ['the node has left', 'it may join again'],
  self: ['this cannot be done to oneself', 'hive-leave leaves the hive'],
  last_member: [
    'this node is the only full member: without it nobody could decide',
    'hive-vouch for a neophyte first; alone in the hive, leaving is possible',
  ],
  already_vouched: ['this node vouched for it already', 'other members have to'],
  already_voted: ['this node voted so already', 'wait for the others'],
  peer_not_neophyte: ['the node is no neophyte', 'see hive-members'],
  proposal_exists: ['a ban of this node is being voted on', 'hive-vote-ban'],
  no_request: [
    'there is no request for promotion',
    'hive-request-promotion on that node, or hive-vouch',
  ],
  tier_by_vouches: ['a ticket makes neophytes only', 'invite, then hive-vouch once it has joined'],
  not_connected: ['this node is not connected to it', 'lightning-cli connect, then once more'],
  version_too_low: ['versions only grow', 'give one above the present version'],
};

/** The answer that says why nothing was done, as originals name it: in `error`. */
export function refusal(code: ActRefusal, more: JsonObject = {}): JsonObject {
  const [message, remedy] = SENTENCES[code];
  return { error: code, message, remedy, ...more };
}
