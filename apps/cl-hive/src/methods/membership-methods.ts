import type { Plugin } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { bumpVersion } from './hive-bump-version.ts';
import { contribution } from './hive-contribution.ts';
import { genesis } from './hive-genesis.ts';
import { gossipStats } from './hive-gossip-stats.ts';
import { invite } from './hive-invite.ts';
import { join } from './hive-join.ts';
import { leave } from './hive-leave.ts';
import { members } from './hive-members.ts';
import { pendingBans } from './hive-pending-bans.ts';
import { pendingPromotions } from './hive-pending-promotions.ts';
import { proposeBan } from './hive-propose-ban.ts';
import { decidedByVotes } from './hive-remove-member.ts';
import { requestPromotion } from './hive-request-promotion.ts';
import { voteBan } from './hive-vote-ban.ts';
import { votePromotion } from './hive-vote-promotion.ts';
import { vouch } from './hive-vouch.ts';

/** Adds the methods of membership and state. `hive` throws while the plugin cannot work. */
export function withMembershipMethods(plugin: Plugin, hive: () => Hive): Plugin {
  return plugin
    .method('hive-genesis', genesis(hive))
    .method('hive-invite', invite(hive))
    .method('hive-join', join(hive))
    .method('hive-leave', leave(hive))
    .method('hive-members', members(hive))
    .method('hive-vouch', vouch(hive))
    .method('hive-propose-promotion', votePromotion(hive, 'proposer_peer_id'))
    .method('hive-vote-promotion', votePromotion(hive, 'voter_peer_id'))
    .method('hive-request-promotion', requestPromotion(hive))
    .method('hive-pending-promotions', pendingPromotions(hive))
    .method('hive-propose-ban', proposeBan(hive))
    .method('hive-vote-ban', voteBan(hive))
    .method('hive-pending-bans', pendingBans(hive))
    .method('hive-ban', decidedByVotes('hive-propose-ban and hive-vote-ban'))
    .method('hive-remove-member', decidedByVotes('hive-propose-ban, or hive-leave on that node'))
    .method('hive-force-promote', decidedByVotes('hive-vouch'))
    .method('hive-promote-admin', decidedByVotes('hive-vouch; there is no admin tier'))
    .method('hive-contribution', contribution(hive))
    .method('hive-gossip-stats', gossipStats(hive))
    .method('hive-bump-version', bumpVersion(hive));
}
