import { BOND_SAT_DEFAULT } from '@cl-hive/archon';
import { method, p } from '@cl-hive/cln-plugin';
import { CodedError } from '@cl-hive/core';
import type { ArchonServices } from '../services.ts';

/** Why the command was not understood. */
export type UpgradeErrorCode = 'upgrade_parameter';

/** All bitcoin that there can be, sat. */
const SAT_MAX = 2_100_000_000_000_000;

/**
 * `hive-archon-upgrade`: takes the node into the tier governance, whose bond has to stand on its own side of
 * channels, or back; and registers the DID where others find it, as which it stays the same.
 */
export const archonUpgrade = (opened: () => ArchonServices) =>
  method({
    description:
      'Choose the tier of this node in governance, or a registry for its DID that Gatekeepers share',
    params: {
      tier: p.oneOf(['basic', 'governance'], 'governance needs a bond in channels').optional(),
      bond_sat: p
        .int({ min: 1, max: SAT_MAX }, 'governance: what stays on the own side of channels')
        .default(Number(BOND_SAT_DEFAULT)),
      registry: p
        .text({ min: 1, max: 128, match: /^[A-Za-z0-9][A-Za-z0-9:_-]*$/ }, 'such as hyperswarm')
        .optional(),
    },
    handle: async ({ tier, bond_sat, registry }) => {
      if (tier === undefined && registry === undefined) {
        throw new CodedError<UpgradeErrorCode>(
          'upgrade_parameter',
          'neither tier nor registry is named',
          { remedy: 'give tier=governance, or registry=hyperswarm' },
        );
      }
      const services = opened();
      const governance =
        tier === undefined
          ? {}
          : { governance: await services.offices.tier.choose(tier, bond_sat) };
      if (registry !== undefined) {
        await services.moveTo(registry);
      }
      return { ...services.identity(), ...governance };
    },
  });
