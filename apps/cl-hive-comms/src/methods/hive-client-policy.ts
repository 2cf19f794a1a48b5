import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import { moment } from '../pipeline/moment.ts';
import type { CommsServices } from '../services.ts';

const ACTIONS = [
  'get',
  'preset',
  'set',
  'reset',
  'override',
  'end_override',
  'forbid_peer',
  'allow_peer',
  'protect_channel',
  'unprotect_channel',
] as const;

/** What an action needs besides. */
const NEEDS: Readonly<Partial<Record<(typeof ACTIONS)[number], readonly string[]>>> = {
  preset: ['preset'],
  set: ['settings'],
  override: ['settings', 'until'],
  end_override: ['override'],
  forbid_peer: ['peer'],
  allow_peer: ['peer'],
  protect_channel: ['channel'],
  unprotect_channel: ['channel'],
};

/** `hive-client-policy`: what needs a person, and what never happens. */
export const clientPolicy = (ready: () => CommsServices) =>
  method({
    description: 'Show or change the policy: preset, settings, overrides that lapse, hands off',
    params: {
      action: p.oneOf(ACTIONS, 'what to do').default('get'),
      preset: p.oneOf(['conservative', 'moderate', 'aggressive'], 'the preset').optional(),
      settings: p.anyObject('settings to change, see the answer of get').optional(),
      until: p.custom(moment, 'end of the override: Unix seconds, or such as 12h').optional(),
      reason: p.text({ max: 200 }, 'why, for the receipt').default(''),
      override: p.int({ min: 1 }, 'number of the override').optional(),
      peer: p.nodeId('a peer to leave alone').optional(),
      channel: p
        .text(
          { match: /^(?:\d+x\d+x\d+|[0-9a-f]{64})$/ },
          'a channel, by short channel id or channel id',
        )
        .optional(),
    },
    check: (params) => {
      for (const need of NEEDS[params.action] ?? []) {
        if (params[need as keyof typeof params] === undefined) {
          throw new MethodError(INVALID_PARAMS, `${need}: ${params.action} needs it`);
        }
      }
    },
    handle: (params) => ready().client.policy(params),
  });
