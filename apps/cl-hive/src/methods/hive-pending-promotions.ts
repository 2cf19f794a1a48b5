import { method } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { promotionView } from '../membership/vote-views.ts';

/** `hive-pending-promotions`: neophytes that asked to be members, and who vouched for each. */
export const pendingPromotions = (hive: () => Hive) =>
  method({
    description: 'Requests for promotion, and who vouched',
    handle: () => {
      const { promotions } = hive().membership.view();
      const pending = [...promotions].map(([target, one]) => promotionView(target, one));
      return { count: pending.length, pending_promotions: pending };
    },
  });
