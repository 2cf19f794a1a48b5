import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { did } from './did-param.ts';

/** Tiers of permission, as in the grants of cl-hive-comms. */
export const TIERS = ['monitor', 'standard', 'advanced', 'admin'] as const;

/**
 * `hive-archon-issue`: issues a credential. A management credential for this node also makes its subject an
 * advisor of cl-hive-comms, with a grant of the same reach, which holds only while the credential does.
 */
export const archonIssue = (opened: () => ArchonServices) =>
  method({
    description: 'Issue a credential: who may manage a node, or how somebody behaved',
    params: {
      subject: did('whom it is about'),
      kind: p.oneOf(['management', 'reputation'], 'what it says').default('management'),
      days: p.int({ min: 1, max: 366 }, 'how long it counts').default(30),
      advisor: p.text({ min: 1, max: 64 }, 'management: a name for the advisor').optional(),
      node: p.nodeId('management: the node; by default this one').optional(),
      mode: p.oneOf(['advice', 'act'], 'management: advice, or also to act').default('advice'),
      tier: p.oneOf(TIERS, 'management: how far it reaches').default('standard'),
      actions: p
        .array(p.text({ min: 1, max: 200 }), { min: 1, max: 200 }, 'management: schemas or actions')
        .optional(),
      danger_max: p.int({ min: 1, max: 10 }, 'management: the highest danger').default(5),
      terms: p.json('management: spend, close, force_close and limits of the grant').optional(),
      claims: p
        .json('reputation: domain, outcome, score_ppm, from, until, metrics, evidence')
        .optional(),
    },
    handle: (params) => opened().credentialCommands.issue(params),
  });
