import { randomBytes } from 'node:crypto';
import { method, p } from '@cl-hive/cln-plugin';
import { CodedError } from '@cl-hive/core';
import type { Openings } from '../openings/openings.ts';
import { orderAnswer } from './order-answer.ts';

/**
 * `hive-open-channel`: a person wants a channel. It asks the hive as every opening does, so that
 * nobody else opens to the same node in the same window.
 */
export const openChannel = (ready: () => Openings) =>
  method({
    description: 'Open a channel as soon as the hive agrees, so that no other member does',
    params: {
      peer_id: p.nodeId('whom to open to'),
      amount_sats: p.int({ min: 1, max: 1_000_000_000 }, 'its capacity'),
      feerate: p.text({ max: 16 }, 'urgent, normal, slow, or a number with perkw').optional(),
      announce: p.bool('only public channels go through the hive').default(true),
      id: p.text({ min: 1, max: 64 }, 'asking again by the same id opens nothing more').optional(),
      dry_run: p.bool('only judge it').default(false),
    },
    handle: async ({
      peer_id: target,
      amount_sats: sat,
      feerate,
      announce,
      id,
      dry_run: dryRun,
    }) => {
      const { desk, actions } = ready();
      if (!announce) {
        throw new CodedError('private_channel', 'the hive opens public channels only', {
          remedy: 'open a private one with fundchannel',
        });
      }
      const view = await desk.requestByPerson({
        id: id ?? `operator-${randomBytes(8).toString('hex')}`,
        target,
        capacitySat: BigInt(sat),
        ...(feerate === undefined ? {} : { feerate }),
        reason: 'asked for by hive-open-channel',
        proposedBy: 'operator',
        dryRun,
      });
      return orderAnswer(dryRun || view.state === 'refused' ? view : await actions.outcome(view));
    },
  });
