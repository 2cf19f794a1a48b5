import { decodeSettings, type PolicyChange, type PresetName } from '@cl-hive/comms';
import type { JsonObject, NodeId, UnixMs } from '@cl-hive/core';
import { type Moment, momentAt } from './moment.ts';

/** What `hive-client-policy` is given; its check has seen that what an action needs is there. */
export interface PolicyRequest {
  readonly action:
    | 'get'
    | 'preset'
    | 'set'
    | 'reset'
    | 'override'
    | 'end_override'
    | 'forbid_peer'
    | 'allow_peer'
    | 'protect_channel'
    | 'unprotect_channel';
  readonly preset?: PresetName | undefined;
  readonly settings?: JsonObject | undefined;
  readonly until?: Moment | undefined;
  readonly reason: string;
  readonly override?: number | undefined;
  readonly peer?: NodeId | undefined;
  readonly channel?: string | undefined;
}

/** The change that a request asks for; undefined for one that only looks. Throws `policy_value`. */
export function policyChange(request: PolicyRequest, now: UnixMs): PolicyChange | undefined {
  const { action, preset, settings, until, reason, override, peer, channel } = request;
  switch (action) {
    case 'preset':
      return preset && { kind: 'preset', preset };
    case 'set':
      return { kind: 'settings', settings: decodeSettings(settings) };
    case 'reset':
      return { kind: 'reset' };
    case 'override':
      return (
        until && {
          kind: 'override',
          settings: decodeSettings(settings),
          until: momentAt(until, now),
          reason,
        }
      );
    case 'end_override':
      return override === undefined ? undefined : { kind: 'end_override', id: override };
    case 'forbid_peer':
    case 'allow_peer':
      return peer && { kind: action, peer };
    case 'protect_channel':
    case 'unprotect_channel':
      return channel === undefined ? undefined : { kind: action, channel };
    case 'get':
      return undefined;
  }
}
